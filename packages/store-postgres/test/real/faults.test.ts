import { testId, testPartition, testRow, testTombstone } from "@holdfast/store-contract";
import type { CreateResult, IndexedStore, Partition } from "@holdfast/session-core/store";
import { createPostgresStore, ensurePostgresSchema } from "@holdfast/store-postgres";
import pg from "pg";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { startPgbouncer } from "../../../../tools/services/pgbouncer.ts";
import { startPostgres } from "../../../../tools/services/postgres.ts";
import type { Server } from "../../../../tools/services/server.ts";
import { givesUpAtItsDeadline, undoesEvictions } from "../../../store-contract/test/shared/contention.ts";
import { answers, itSurvivesKill, until } from "../../../store-contract/test/shared/kill.ts";
import { postgresProgram } from "../support/program.ts";
import { type Connected, drivers, pgbouncerProgram } from "../support/servers.ts";

const WAITING = "SELECT FROM pg_locks WHERE NOT granted";

describe.skipIf(postgresProgram === undefined)("PostgreSQL that is killed [needs postgres]", () => {
  for (const [name, connect] of Object.entries(drivers(true))) {
    itSurvivesKill(name, async () => {
      const server = await startPostgres(postgresProgram ?? "", { fsync: "on", synchronous_commit: "on", full_page_writes: "on" });
      const { run, close } = connect(server.url, 8);
      await ensurePostgresSchema(run);
      return { server, store: createPostgresStore(run), close };
    });
  }

  it("an UNLOGGED table is empty after a crash, and who was signed out everywhere still is", { timeout: 120_000 }, async () => {
    const server = await startPostgres(postgresProgram ?? "", { fsync: "on", synchronous_commit: "on" });
    const { run, close } = drivers(true).pg(server.url);
    try {
      await ensurePostgresSchema(run, { durability: "volatile" });
      const store = createPostgresStore(run, { durability: "volatile" });
      const row = testRow();
      const partition = testPartition();
      await store.create(row);
      const { notBefore } = await store.endAll(partition, testTombstone());
      await server.signal("SIGKILL");
      await server.restart();
      await answers(store);
      expect(await store.read(row.id)).toBeNull();
      expect(await store.create(testRow({ id: testId(partition) }), { began: notBefore })).toMatchObject({ outcome: "revoked" });
    } finally {
      await close();
      await server.stop();
    }
  });
});

describe.skipIf(postgresProgram === undefined || pgbouncerProgram === undefined)("deadlines [needs postgres, pgbouncer]", () => {
  let server: Server;
  let pooler: Server;
  let other: pg.Client;
  beforeAll(async () => {
    server = await startPostgres(postgresProgram ?? "");
    pooler = await startPgbouncer(pgbouncerProgram ?? "", server);
  });
  afterAll(async () => {
    await pooler?.stop();
    await server?.stop();
  });
  beforeEach(async () => {
    other = new pg.Client(server.url);
    await other.connect();
  });
  afterEach(() => other.end());

  const ways: Readonly<Record<string, () => Connected>> = {
    pg: () => drivers(true).pg(server.url, 1),
    postgres: () => drivers(true).postgres(server.url, 1),
    "pg behind PgBouncer": () => drivers(false).pg(pooler.url, 1),
    "postgres behind PgBouncer": () => drivers(false).postgres(pooler.url, 1),
  };
  it.each(Object.entries(ways))("%s: a write that waits for a lock is given up at its deadline, and its only connection serves the next call", async (_way, connect) => {
    const { run, close } = connect();
    try {
      await ensurePostgresSchema(run);
      await givesUpAtItsDeadline(createPostgresStore(run), {
        take: async (id) => (await other.query("BEGIN"), other.query("SELECT FROM holdfast_sessions WHERE id = $1 FOR UPDATE", [id])),
        awaited: async () => ((await other.query(WAITING)).rowCount ?? 0) > 0,
        release: () => other.query("COMMIT"),
      });
    } finally {
      await close();
    }
  });
});

describe.skipIf(postgresProgram === undefined)("what the server is told [needs postgres]", () => {
  let server: Server;
  let connected: Connected;
  beforeAll(async () => {
    server = await startPostgres(postgresProgram ?? "");
    connected = drivers(true).pg(server.url);
    await ensurePostgresSchema(connected.run);
  });
  afterAll(async () => {
    await connected?.close();
    await server?.stop();
  });

  it.each(["repeatable read", "serializable"])("[D08] a sign-in under %s, which would count too few, is refused with what to do", async (level) => {
    const pool = new pg.Pool({ connectionString: server.url, options: `-c default_transaction_isolation=${level.replace(" ", "\\ ")}` });
    const { run } = { run: async ({ text, values }: { text: string; values: readonly unknown[] }) => (await pool.query({ text, values: [...values], rowMode: "array" })).rows };
    const store = createPostgresStore(run);
    const row = testRow();
    await expect(store.create(row, { began: row.createdAt })).rejects.toMatchObject({ code: "P0001", hint: expect.stringContaining("read committed") });
    await expect(store.endAll(testPartition(), testTombstone())).rejects.toThrow("READ COMMITTED");
    expect(await store.read(row.id)).toBeNull();
    await pool.end();
  });

  describe("under READ COMMITTED, one after the other where they would overrun together", () => {
    const guard = { began: Date.now(), limit: { max: 1, whenFull: "reject", tombstone: testTombstone() } } as const;
    /** Runs `first` in a transaction that commits when `second` has waited for it a while, and says when that was. */
    const meet = async <T, U>(first: (store: IndexedStore) => Promise<T>, second: (store: IndexedStore) => Promise<U>): Promise<[T, U, number]> => {
      const client = new pg.Client(server.url);
      await client.connect();
      await client.query("BEGIN");
      const before = await first(createPostgresStore(async ({ text, values }) => (await client.query({ text, values: [...values], rowMode: "array" })).rows));
      let done = false;
      const running = second(createPostgresStore(connected.run)).finally(() => (done = true));
      await until(async () => done || (await connected.run({ text: WAITING, values: [] })).length > 0);
      // A stamp from when it began to wait would be an earlier one.
      const waiting = Date.now();
      await until(() => Date.now() > waiting);
      const committed = Date.now();
      await client.query("COMMIT");
      await client.end();
      return [before, await running, committed];
    };

    it("[D08] a sign-in that waits for another one counts it", async () => {
      const partition = testPartition();
      const signIn = (store: IndexedStore): Promise<CreateResult> => store.create(testRow({ id: testId(partition) }), guard);
      const [first, second] = await meet(signIn, signIn);
      expect([first.outcome, second.outcome]).toEqual(["created", "full"]);
    });

    it("[D05] a sign-in that waits for a revocation is refused by it, one that began later is not", async () => {
      const partition = testPartition();
      const began = Date.now();
      const [{ notBefore }, { outcome }] = await meet((store) => store.endAll(partition, testTombstone()), (store) => store.create(testRow({ id: testId(partition) }), { began }));
      expect([outcome, notBefore >= began]).toEqual(["revoked", true]);
      expect((await createPostgresStore(connected.run).create(testRow({ id: testId(partition) }), { began: notBefore + 1 })).outcome).toBe("created");
    });

    it("[D05] a revocation that waits for a sign-in ends it, and is stamped after it", async () => {
      const row = testRow();
      const [, { notBefore, ended }, committed] = await meet(
        (store) => store.create(row, { began: row.createdAt }),
        (store) => store.endAll(row.id.slice(0, 12) as Partition, testTombstone()),
      );
      expect(ended).toEqual([row.id]);
      expect(notBefore).toBeGreaterThanOrEqual(committed);
    });
  });

  it("[A09] a fault in the middle of a sign-in undoes its evictions, and the store goes on", async () => {
    const { run } = connected;
    await run({ text: "CREATE FUNCTION broken() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'the disk is on fire'; END $$", values: [] });
    await run({ text: "CREATE TRIGGER broken BEFORE UPDATE ON holdfast_sessions FOR EACH ROW WHEN (NEW.body = 'breaks') EXECUTE FUNCTION broken()", values: [] });
    const store = createPostgresStore(run);
    await undoesEvictions(store, "breaks", (signIn) => expect(signIn).rejects.toThrow("the disk is on fire"));
  });

  it("a dropped table rejects as the driver says, and its return heals", async () => {
    const { run } = connected;
    await ensurePostgresSchema(run, { table: "dropped" });
    const store = createPostgresStore(run, { table: "dropped" });
    expect(await store.read(testId())).toBeNull();
    await run({ text: "DROP TABLE dropped", values: [] });
    await expect(store.read(testId())).rejects.toMatchObject({ code: "42P01" });
    await ensurePostgresSchema(run, { table: "dropped" });
    expect(await store.read(testId())).toBeNull();
  });
});
