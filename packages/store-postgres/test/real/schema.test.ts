import { testId, testPartition, testRow, testTombstone } from "@holdfast/store-contract";
import { createPostgresStore, ensurePostgresSchema, type PostgresRun, postgresSchema } from "@holdfast/store-postgres";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Postgres, startPostgres } from "../../../../tools/services/postgres.ts";
import { type Connected, drivers, postgresProgram } from "../support/servers.ts";

const HOUR = 3_600_000;

describe.skipIf(postgresProgram === undefined)("the tables on PostgreSQL [needs postgres]", () => {
  let server: Postgres;
  let connected: Connected;
  let run: PostgresRun;
  beforeAll(async () => {
    server = await startPostgres(postgresProgram ?? "");
    connected = drivers(true).pg(server.url, 10);
    run = connected.run;
  });
  afterAll(async () => {
    await connected?.close();
    await server?.stop();
  });

  /** One value of one row. */
  const value = async (text: string): Promise<unknown> => (await run({ text, values: [] }))[0]?.[0];

  it("ten servers that start at once make them together", async () => {
    await Promise.all(Array.from({ length: 10 }, () => ensurePostgresSchema(run, { table: "at_once" })));
    expect(await createPostgresStore(run, { table: "at_once" }).read(testId())).toBeNull();
  });

  it("may be called like keywords or lie in a schema, and two tables are apart", async () => {
    await run({ text: 'CREATE SCHEMA "Order"', values: [] });
    const tables = ["order", "Select", "Order.user", "Order.order"];
    const stores = [];
    for (const table of tables) {
      await ensurePostgresSchema(run, { table });
      stores.push(createPostgresStore(run, { table }));
    }
    const row = testRow();
    const guard = { began: row.createdAt, limit: { max: 1, whenFull: "reject", tombstone: testTombstone() } } as const;
    for (const store of stores) {
      expect(await store.read(row.id)).toBeNull();
      expect(await store.create(row, guard)).toEqual({ outcome: "created", evicted: [] });
    }
    await stores[0]?.endAll(row.id.slice(0, 12) as never, testTombstone());
    expect(await stores[3]?.read(row.id)).toEqual(row);
  });

  it("that exist with another durability are refused with what to do", async () => {
    await ensurePostgresSchema(run, { table: "kept" });
    await expect(ensurePostgresSchema(run, { table: "kept", durability: "volatile" })).rejects.toMatchObject({ code: "config", option: "durability", message: expect.stringContaining("SET UNLOGGED") });
    await run({ text: "ALTER TABLE kept SET UNLOGGED", values: [] });
    await ensurePostgresSchema(run, { table: "kept", durability: "volatile" });
    await expect(ensurePostgresSchema(run, { table: "kept" })).rejects.toThrow("SET LOGGED");
  });

  it("a role that may only read and write rows is enough once they are there", async () => {
    await ensurePostgresSchema(run, { table: "granted" });
    await run({ text: "CREATE ROLE web LOGIN; GRANT SELECT, INSERT, UPDATE, DELETE ON granted, granted_marks TO web", values: [] });
    const web = drivers(true).pg(server.url.replace("app@", "web@"));
    const store = createPostgresStore(web.run, { table: "granted" });
    const row = testRow();
    expect((await store.create(row, { began: row.createdAt })).outcome).toBe("created");
    expect((await store.endAll(row.id.slice(0, 12) as never, testTombstone())).ended).toEqual([row.id]);
    await store.sweep(Date.now());
    await web.close();
  });

  it("no statement scans a table: each is served by a key or an index, also where the plan is made for any value", async () => {
    await ensurePostgresSchema(run, { table: "planned" });
    await run({ text: `INSERT INTO planned (revision, created_at, seen_at, expires_at, id, partition, write_id, body)
      SELECT 0, i, i, i::bigint << 20, lpad(i::text, 24, '0'), lpad((i / 4)::text, 12, '0'), 'w', repeat('b', 300) FROM generate_series(1, 20000) i`, values: [] });
    await run({ text: "INSERT INTO planned_marks SELECT i, lpad(i::text, 12, '0') FROM generate_series(1, 20000) i", values: [] });
    await run({ text: "ANALYZE planned; ANALYZE planned_marks", values: [] });
    const client = new pg.Client(server.url);
    await client.connect();
    await client.query("SET plan_cache_mode = force_generic_plan");
    const plans: Record<string, string> = {};
    const explain: PostgresRun = async ({ name = "", text, values }) => {
      const verb = name.split(" ")[1] ?? "";
      await client.query(`PREPARE planned_${verb} AS ${text}`);
      const given = values.map((item) => (item === null ? "NULL" : `'${String(item)}'`)).join(", ");
      const { rows } = await client.query<[string]>({ text: `EXPLAIN EXECUTE planned_${verb}(${given})`, rowMode: "array" });
      plans[verb] = `${plans[verb] ?? ""}\n${rows.join("\n")}`;
      await client.query(`DEALLOCATE planned_${verb}`);
      return [];
    };
    const store = createPostgresStore(explain, { table: "planned" });
    const row = testRow();
    await store.read(row.id);
    await store.create(row);
    await store.update(row, 0);
    await store.touch(row.id, 1, 2);
    await store.end(row.id, testTombstone(), { ifRevision: 1 });
    await store.delete(row.id);
    await store.list(testPartition());
    await store.sweep(1000, 100);
    await client.end();
    for (const [verb, plan] of Object.entries(plans)) expect(`${verb}: ${plan}`).not.toContain("Seq Scan");
    expect(plans["read"]).toContain("planned_pkey");
    expect(plans["list"]).toContain("planned_by_subject");
    expect(plans["sweep"]).toContain("planned_by_expiry");
    expect(plans["sweep"]).toContain("planned_marks_by_age");
  });

  it("touches and updates stay in their page: no index is written for them", async () => {
    await ensurePostgresSchema(run, { table: "hot" });
    const store = createPostgresStore(run, { table: "hot" });
    // In the middle of a slot, so that a minute more is the same slot.
    const expiresAt = (Math.floor((Date.now() + HOUR) / 2 ** 20) + 0.5) * 2 ** 20;
    const rows = Array.from({ length: 200 }, () => testRow({ expiresAt, body: "b".repeat(400) }));
    for (const row of rows) await store.create(row, { began: row.createdAt });
    for (const row of rows) await store.touch(row.id, row.seenAt + 60_000, expiresAt + 60_000);
    for (const row of rows) await store.update({ ...row, revision: 1, body: "c".repeat(400) }, 0);
    const counted = "SELECT n_tup_hot_upd::float8 / nullif(n_tup_upd, 0) FROM pg_stat_user_tables WHERE relname = 'hot' AND n_tup_upd >= 400";
    let share: unknown;
    // Connections report what they did within a second.
    for (let i = 0; i < 500 && (share = await value(counted)) === undefined; i += 1) await new Promise((resolve) => setTimeout(resolve, 20));
    expect(share).toBeGreaterThan(0.75);
  });

  it("a session takes less than a kilobyte, its three indexes included", async () => {
    await ensurePostgresSchema(run, { table: "sized" });
    await run({ text: `INSERT INTO sized (revision, created_at, seen_at, expires_at, id, partition, write_id, body)
      SELECT 0, 1.79e12 + i, 1.79e12 + i, 1.79e12 + i * 100, left(translate(encode(sha256(i::text::bytea), 'base64'), '+/', '-_'), 24), left(translate(encode(sha256(i::text::bytea), 'base64'), '+/', '-_'), 12), 'AAAAAAAAAAAAAAAAAAAAAA', repeat('b', 400) FROM generate_series(1, 20000) i`, values: [] });
    const bytes = async (relation: string): Promise<number> => Number(await value(`SELECT ${relation} / 20000`));
    const heap = await bytes("pg_relation_size('sized')");
    const indexes = await bytes("pg_indexes_size('sized')");
    console.log(`    PostgreSQL, bytes per session with a body of 400: ${heap} in the table, ${indexes} in its indexes`);
    expect(heap + indexes).toBeLessThan(1000);
  });

  it("the schema is text that psql takes as it is", () => {
    expect(postgresSchema()).toContain('CREATE TABLE IF NOT EXISTS "holdfast_sessions"');
    expect(postgresSchema({ durability: "volatile" })).toContain("UNLOGGED");
  });

  describe("sweeping", () => {
    const expired = (table: string, count: number, from = 0): Promise<unknown> =>
      run({ text: `INSERT INTO ${table} (revision, created_at, seen_at, expires_at, id, write_id, body)
        SELECT 0, 1, 1, 1000 + i, lpad(i::text, 24, '0'), 'w', 'b' FROM generate_series(${from} + 1, ${from} + ${count}) i`, values: [] });

    it("[K08] two sweepers share 5,000 expired rows in batches of 500: each row is removed and counted once", async () => {
      await ensurePostgresSchema(run, { table: "swept" });
      await expired("swept", 5000);
      const live = testRow();
      const store = createPostgresStore(run, { table: "swept" });
      await store.create(live);
      const sweepAll = async (): Promise<number[]> => {
        const counts: number[] = [];
        do counts.push(await store.sweep(Date.now(), 500));
        while (counts.at(-1) !== 0);
        return counts;
      };
      const counts = (await Promise.all([sweepAll(), sweepAll()])).flat();
      expect(Math.max(...counts)).toBeLessThanOrEqual(500);
      expect(counts.reduce((sum, count) => sum + count)).toBe(5000);
      expect(await value("SELECT count(*) FROM swept")).toBe("1");
      expect(await store.read(live.id)).toEqual(live);
    });

    it("[K08] a sweep that is under way makes neither requests wait nor the other sweeper", async () => {
      await ensurePostgresSchema(run, { table: "busy" });
      await expired("busy", 100);
      const store = createPostgresStore(run, { table: "busy" });
      const row = testRow();
      await store.create(row, { began: row.createdAt });
      const client = new pg.Client(server.url);
      await client.connect();
      // The statement of a sweep whose transaction goes on as long as we like.
      const sweep: PostgresRun = async ({ text, values }) => (await client.query({ text, values: [...values], rowMode: "array" })).rows;
      await client.query("BEGIN");
      expect(await createPostgresStore(sweep, { table: "busy" }).sweep(Date.now(), 60)).toBe(60);
      expect(await store.sweep(Date.now(), 100)).toBe(40);
      expect(await store.read(row.id)).toEqual(row);
      expect(await store.touch(row.id, row.seenAt, row.expiresAt)).toBe("touched");
      expect((await store.create(testRow({ id: testId(row.id.slice(0, 12) as never) }), { began: row.createdAt })).outcome).toBe("created");
      expect((await store.endAll(row.id.slice(0, 12) as never, testTombstone())).ended).toHaveLength(2);
      await client.query("ROLLBACK");
      await client.end();
      expect(await store.sweep(Date.now(), 100)).toBe(60);
    });

    it("[D05] forgets a notBefore after 400 days, and not earlier", async () => {
      await ensurePostgresSchema(run, { table: "marked" });
      const store = createPostgresStore(run, { table: "marked" });
      const partition = testPartition();
      const { notBefore } = await store.endAll(partition, testTombstone());
      const signIn = async (): Promise<string> => (await store.create(testRow({ id: testId(partition) }), { began: notBefore })).outcome;
      await store.sweep(notBefore + 400 * 24 * HOUR - 1);
      expect(await signIn()).toBe("revoked");
      await store.sweep(notBefore + 400 * 24 * HOUR);
      expect(await signIn()).toBe("created");
    });
  });

  it("what is no cursor gets an empty page", async () => {
    await ensurePostgresSchema(run, { table: "paged" });
    const store = createPostgresStore(run, { table: "paged" });
    const row = testRow();
    await store.create(row, { began: row.createdAt });
    const partition = row.id.slice(0, 12) as ReturnType<typeof testPartition>;
    for (const cursor of ["", "x", "x.y", "-1.y", "1e9.y"]) expect(await store.list(partition, { cursor })).toEqual({ rows: [] });
  });
});
