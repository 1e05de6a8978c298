import type { SessionId } from "@holdfast/session-core/store";
import { testPartition, testRow, testTombstone } from "@holdfast/store-contract";
import { createMysqlStore, ensureMysqlSchema, type MysqlRun } from "@holdfast/store-mysql";
import mysql from "mysql2/promise";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startMariadb } from "../../../../tools/services/mariadb.ts";
import type { Server } from "../../../../tools/services/server.ts";
import { callEveryVerb, describeTables } from "../../../store-contract/test/shared/tables.ts";
import { mariadbProgram } from "../support/program.ts";
import { type Connected, connect } from "../support/servers.ts";

describe.skipIf(mariadbProgram === undefined)("the tables on MariaDB [needs mariadb]", () => {
  let server: Server;
  let connected: Connected;
  let run: MysqlRun;
  let other: mysql.Connection;
  beforeAll(async () => {
    server = await startMariadb(mariadbProgram ?? "");
    connected = connect(server.url, 10);
    run = connected.run;
    other = await mysql.createConnection(server.url);
    await other.query("CREATE DATABASE `select`");
  });
  afterAll(async () => {
    await other?.end();
    await connected?.close();
    await server?.stop();
  });

  const rowsOf = async (text: string): Promise<Record<string, unknown>[]> => (await other.query(text))[0] as Record<string, unknown>[];

  describeTables(() => ({
    namespace: "select",
    make: async (table) => {
      await ensureMysqlSchema(run, { table });
      return createMysqlStore(run, { table });
    },
    expired: (table, count) =>
      other.query(`INSERT INTO ${table} (revision, created_at, seen_at, expires_at, id, write_id, body) SELECT 0, 1, 1, 1000 + seq, LPAD(seq, 24, '0'), 'w', 'b' FROM seq_1_to_${count}`),
    // What the procedure does first, in a transaction that goes on as long as the test likes.
    hold: async (table, count) => {
      await other.query("SET TRANSACTION ISOLATION LEVEL READ COMMITTED");
      await other.query("BEGIN");
      await other.query(`SELECT id FROM ${table} WHERE expires_slot <= 0 AND expires_at <= 10000 ORDER BY expires_slot LIMIT ${count} FOR UPDATE SKIP LOCKED`);
      return () => other.query("ROLLBACK");
    },
    // What a sign-in does first.
    holdMark: async (table, partition) => {
      await other.query("SET TRANSACTION ISOLATION LEVEL READ COMMITTED");
      await other.query("BEGIN");
      await other.query(`INSERT INTO ${table}_marks (subject, not_before) VALUES (?, 0) ON DUPLICATE KEY UPDATE not_before = not_before`, [partition]);
      return () => other.query("ROLLBACK");
    },
    age: (table, by) => other.query(`UPDATE ${table}_marks SET not_before = not_before - ${by}`),
    rows: async (table) => Number((await rowsOf(`SELECT count(*) AS n FROM ${table}`))[0]?.["n"]),
  }));

  it("connections that do not commit by themselves are refused", async () => {
    const pool = connect(server.url, 1);
    await pool.run({ text: "SET autocommit = 0", values: [] });
    await expect(ensureMysqlSchema(pool.run)).rejects.toMatchObject({ code: "config", option: "autocommit" });
    await pool.close();
  });

  it("a user who may only read and write rows and call the procedures is enough once they are there", async () => {
    await ensureMysqlSchema(run, { table: "granted" });
    await other.query("CREATE USER web@'127.0.0.1'");
    for (const table of ["granted", "granted_marks"]) await other.query(`GRANT SELECT, INSERT, UPDATE, DELETE ON test.${table} TO web@'127.0.0.1'`);
    for (const name of ["create", "end_all", "sweep", "sweep_marks"]) await other.query(`GRANT EXECUTE ON PROCEDURE test.granted_${name}_1 TO web@'127.0.0.1'`);
    const web = connect(server.url.replace("root@", "web@"));
    const store = createMysqlStore(web.run, { table: "granted" });
    const row = testRow();
    expect((await store.create(row, { began: row.createdAt })).outcome).toBe("created");
    expect((await store.endAll(row.id.slice(0, 12) as never, testTombstone())).ended).toEqual([row.id]);
    await store.sweep(Date.now());
    await web.close();
  });

  it("the server's milliseconds are those of the world in every time zone", async () => {
    await ensureMysqlSchema(run);
    for (const zone of ["+00:00", "-11:00", "+05:45"]) {
      await other.query(`SET GLOBAL time_zone = '${zone}'`);
      const zoned = connect(server.url, 1);
      const before = Date.now();
      const { notBefore } = await createMysqlStore(zoned.run).endAll(testPartition(), testTombstone());
      expect([before <= notBefore, notBefore <= Date.now()]).toEqual([true, true]);
      await zoned.close();
    }
    await other.query("SET GLOBAL time_zone = 'SYSTEM'");
  });

  it("no statement scans a table: each is served by a key", async () => {
    await ensureMysqlSchema(run, { table: "planned" });
    await other.query(`INSERT INTO planned (revision, created_at, seen_at, expires_at, id, subject, write_id, body)
      SELECT 0, seq, seq, seq * 1048576, LPAD(seq, 24, '0'), LPAD(seq DIV 4, 12, '0'), 'w', REPEAT('b', 300) FROM seq_1_to_20000`);
    await other.query("INSERT INTO planned_marks (subject, not_before) SELECT LPAD(seq, 12, '0'), seq FROM seq_1_to_20000");
    await other.query("ANALYZE TABLE planned, planned_marks");
    const plans: string[] = [];
    const explain: MysqlRun = async ({ text, values }) => {
      if (text.startsWith("INSERT") || text.startsWith("CALL")) return { rows: [], affected: 0 };
      const [rows] = await other.query(`EXPLAIN ${text}`, [...values]);
      for (const { type, key } of rows as { type: string; key: string | null }[]) plans.push(`${text.split(" ")[0] ?? ""} ${type} ${String(key)}`);
      return { rows: [], affected: 0 };
    };
    await callEveryVerb(createMysqlStore(explain, { table: "planned" }), "000000000010000000000040" as SessionId);
    const [swept] = await rowsOf("EXPLAIN SELECT id FROM planned WHERE expires_slot <= 100 AND expires_at <= 104857600 ORDER BY expires_slot LIMIT 100 FOR UPDATE SKIP LOCKED");
    expect(swept).toMatchObject({ type: "range", key: "by_expiry" });
    const [marks] = await rowsOf("EXPLAIN SELECT subject FROM planned_marks WHERE not_before <= 100 ORDER BY not_before LIMIT 100 FOR UPDATE SKIP LOCKED");
    expect(marks).toMatchObject({ type: "range", key: "by_age" });
    expect(plans.length).toBeGreaterThan(8);
    for (const plan of plans) expect(plan).not.toMatch(/ ALL | index /);
    expect(plans.some((plan) => plan.endsWith("by_subject"))).toBe(true);
  });

  it("a session takes little more than a kilobyte, its three indexes included", async () => {
    await ensureMysqlSchema(run, { table: "sized" });
    // In random order, as sessions come.
    await other.query(`INSERT INTO sized (revision, created_at, seen_at, expires_at, id, subject, write_id, body)
      SELECT 0, 1790000000000 + seq, 1790000000000 + seq, 1790000000000 + seq * 100, LEFT(SHA2(seq, 256), 24), LEFT(SHA2(seq, 256), 12), 'AAAAAAAAAAAAAAAAAAAAAA', REPEAT('b', 400) FROM seq_1_to_20000`);
    await other.query("ANALYZE TABLE sized");
    const [size] = await rowsOf("SELECT data_length / 20000 AS heap, index_length / 20000 AS indexes FROM information_schema.tables WHERE table_name = 'sized'");
    const [heap, indexes] = [Math.round(Number(size?.["heap"])), Math.round(Number(size?.["indexes"]))];
    console.log(`    MariaDB, bytes per session with a body of 400: ${heap} in the table with its key, ${indexes} in the other indexes`);
    expect(heap + indexes).toBeLessThan(1300);
  });
});
