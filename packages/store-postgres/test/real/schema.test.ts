import { testId, testRow, testTombstone } from "@holdfast/store-contract";
import { createPostgresStore, ensurePostgresSchema, type PostgresRun, postgresSchema } from "@holdfast/store-postgres";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startPostgres } from "../../../../tools/services/postgres.ts";
import type { Server } from "../../../../tools/services/server.ts";
import { until } from "../../../store-contract/test/shared/kill.ts";
import { callEveryVerb, describeTables } from "../../../store-contract/test/shared/tables.ts";
import { postgresProgram } from "../support/program.ts";
import { type Connected, drivers } from "../support/servers.ts";

const HOUR = 3_600_000;

describe.skipIf(postgresProgram === undefined)("the tables on PostgreSQL [needs postgres]", () => {
  let server: Server;
  let connected: Connected;
  let run: PostgresRun;
  beforeAll(async () => {
    server = await startPostgres(postgresProgram ?? "");
    connected = drivers(true).pg(server.url, 10);
    run = connected.run;
    await run({ text: 'CREATE SCHEMA "Select"', values: [] });
  });
  afterAll(async () => {
    await connected?.close();
    await server?.stop();
  });

  /** One value of one row. */
  const value = async (text: string): Promise<unknown> => (await run({ text, values: [] }))[0]?.[0];

  /** On a connection of its own. */
  const transaction = async (): Promise<{ readonly run: PostgresRun; rollback(): Promise<void> }> => {
    const client = new pg.Client(server.url);
    await client.connect();
    await client.query("BEGIN");
    return {
      run: async ({ text, values }) => (await client.query({ text, values: [...values], rowMode: "array" })).rows,
      async rollback() {
        await client.query("ROLLBACK");
        await client.end();
      },
    };
  };

  describeTables(() => ({
    namespace: "Select",
    make: async (table) => {
      await ensurePostgresSchema(run, { table });
      return createPostgresStore(run, { table });
    },
    expired: (table, count) =>
      run({ text: `INSERT INTO ${table} (revision, created_at, seen_at, expires_at, id, write_id, body)
        SELECT 0, 1, 1, 1000 + i, lpad(i::text, 24, '0'), 'w', 'b' FROM generate_series(1, ${count}) i`, values: [] }),
    // The statement of a sweep whose transaction goes on as long as the test likes.
    hold: async (table, count) => {
      const { run: within, rollback } = await transaction();
      expect(await createPostgresStore(within, { table }).sweep(Date.now(), count)).toBe(count);
      return rollback;
    },
    holdMark: async (table, partition) => {
      const { run: within, rollback } = await transaction();
      await createPostgresStore(within, { table }).endAll(partition, testTombstone());
      return rollback;
    },
    age: (table, by) => run({ text: `UPDATE ${table}_marks SET not_before = not_before - ${by}`, values: [] }),
    rows: async (table) => Number(await value(`SELECT count(*) FROM ${table}`)),
  }));

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
      const verb = name.split(" ").slice(1, -1).join("_").replace("-", "_");
      await client.query(`PREPARE planned_${verb} AS ${text}`);
      const given = values.map((item) => (item === null ? "NULL" : `'${String(item)}'`)).join(", ");
      const { rows } = await client.query<[string]>({ text: `EXPLAIN EXECUTE planned_${verb}(${given})`, rowMode: "array" });
      plans[verb] = rows.join("\n");
      await client.query(`DEALLOCATE planned_${verb}`);
      return [];
    };
    const store = createPostgresStore(explain, { table: "planned" });
    await callEveryVerb(store, testId());
    await client.end();
    for (const [verb, plan] of Object.entries(plans)) expect(`${verb}: ${plan}`).not.toContain("Seq Scan");
    expect(plans["read"]).toContain("planned_pkey");
    expect(plans["list"]).toContain("planned_by_subject");
    expect(plans["sweep"]).toContain("planned_by_expiry");
    expect(plans["sweep_marks"]).toContain("planned_marks_by_age");
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
    await until(async () => (share = await value(counted)) !== undefined);
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
});
