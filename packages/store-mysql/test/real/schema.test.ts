import { testId, testPartition, testRow, testTombstone } from "@holdfast/store-contract";
import { createMysqlStore, ensureMysqlSchema, type MysqlRun } from "@holdfast/store-mysql";
import mysql from "mysql2/promise";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startMariadb } from "../../../../tools/services/mariadb.ts";
import type { Server } from "../../../../tools/services/server.ts";
import { addressOf, type Connected, connect, mariadbProgram } from "../support/servers.ts";

const HOUR = 3_600_000;

describe.skipIf(mariadbProgram === undefined)("the tables on MariaDB [needs mariadb]", () => {
  let server: Server;
  let connected: Connected;
  let run: MysqlRun;
  let other: mysql.Connection;
  beforeAll(async () => {
    server = await startMariadb(mariadbProgram ?? "");
    connected = connect(addressOf(server.port), 10);
    run = connected.run;
    other = await mysql.createConnection(addressOf(server.port));
  });
  afterAll(async () => {
    await other?.end();
    await connected?.close();
    await server?.stop();
  });

  const rowsOf = async (text: string): Promise<Record<string, unknown>[]> => (await other.query(text))[0] as Record<string, unknown>[];

  it("ten servers that start at once make them together", async () => {
    await Promise.all(Array.from({ length: 10 }, () => ensureMysqlSchema(run, { table: "at_once" })));
    expect(await createMysqlStore(run, { table: "at_once" }).read(testId())).toBeNull();
  });

  it("may be called like keywords or lie in another database, and two tables are apart", async () => {
    await other.query("CREATE DATABASE `select`");
    const stores = [];
    for (const table of ["order", "group", "select.order", "select.row"]) {
      await ensureMysqlSchema(run, { table });
      stores.push(createMysqlStore(run, { table }));
    }
    const row = testRow();
    const guard = { began: row.createdAt, limit: { max: 1, whenFull: "reject", tombstone: testTombstone() } } as const;
    for (const store of stores) {
      expect(await store.read(row.id)).toBeNull();
      expect(await store.create(row, guard)).toEqual({ outcome: "created", evicted: [] });
    }
    await stores[0]?.endAll(row.id.slice(0, 12) as never, testTombstone());
    expect(await stores[2]?.read(row.id)).toEqual(row);
  });

  it("connections that do not commit by themselves are refused", async () => {
    const pool = connect(addressOf(server.port), 1);
    await pool.run({ text: "SET autocommit = 0", values: [] });
    await expect(ensureMysqlSchema(pool.run)).rejects.toMatchObject({ code: "config", option: "autocommit" });
    await pool.close();
  });

  it("a user who may only read and write rows and call the procedures is enough once they are there", async () => {
    await ensureMysqlSchema(run, { table: "granted" });
    await other.query("CREATE USER web@'127.0.0.1'");
    for (const table of ["granted", "granted_marks"]) await other.query(`GRANT SELECT, INSERT, UPDATE, DELETE ON test.${table} TO web@'127.0.0.1'`);
    for (const name of ["create", "end_all", "sweep"]) await other.query(`GRANT EXECUTE ON PROCEDURE test.granted_${name}_1 TO web@'127.0.0.1'`);
    const web = connect(addressOf(server.port).replace("root@", "web@"));
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
      const zoned = connect(addressOf(server.port), 1);
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
    const store = createMysqlStore(explain, { table: "planned" });
    const row = { ...testRow(), id: "000000000000000000000040" as ReturnType<typeof testId> };
    await store.read(row.id);
    await store.create(row);
    await store.update(row, 0);
    await store.touch(row.id, 1, 2);
    await store.end(row.id, testTombstone(), { ifRevision: 1 });
    await store.delete(row.id);
    await store.list("000000000010" as never);
    await store.sweep(401 * 24 * HOUR, 100);
    const [swept] = await rowsOf("EXPLAIN SELECT id FROM planned WHERE expires_slot <= 100 AND expires_at <= 104857600 ORDER BY expires_slot LIMIT 100 FOR UPDATE SKIP LOCKED");
    expect(swept).toMatchObject({ type: "range", key: "by_expiry" });
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

  describe("sweeping", () => {
    const expired = (table: string, count: number): Promise<unknown> =>
      other.query(`INSERT INTO ${table} (revision, created_at, seen_at, expires_at, id, write_id, body) SELECT 0, 1, 1, 1000 + seq, LPAD(seq, 24, '0'), 'w', 'b' FROM seq_1_to_${count}`);

    it("[K08] two sweepers share 5,000 expired rows in batches of 500: each row is removed and counted once", async () => {
      await ensureMysqlSchema(run, { table: "swept" });
      await expired("swept", 5000);
      const live = testRow();
      const store = createMysqlStore(run, { table: "swept" });
      await store.create(live);
      const sweepAll = async (): Promise<number[]> => {
        const counts: number[] = [];
        do counts.push(await store.sweep(Date.now(), 500));
        while (counts.at(-1) !== 0);
        return counts;
      };
      const counts = (await Promise.all([sweepAll(), sweepAll()])).flat();
      // A sweeper that finds all that is left in the hands of the other one is done.
      counts.push(...(await sweepAll()));
      expect(Math.max(...counts)).toBeLessThanOrEqual(500);
      expect(counts.reduce((sum, count) => sum + count)).toBe(5000);
      expect(await rowsOf("SELECT count(*) AS n FROM swept")).toEqual([{ n: 1 }]);
      expect(await store.read(live.id)).toEqual(live);
    });

    it("[K08] rows that another sweeper has in hand make neither requests wait nor this sweeper", async () => {
      await ensureMysqlSchema(run, { table: "busy" });
      await expired("busy", 100);
      const store = createMysqlStore(run, { table: "busy" });
      const row = testRow();
      await store.create(row, { began: row.createdAt });
      await other.query("SET TRANSACTION ISOLATION LEVEL READ COMMITTED");
      await other.query("BEGIN");
      await other.query("SELECT id FROM busy WHERE expires_slot <= 0 AND expires_at <= 10000 ORDER BY expires_slot LIMIT 60 FOR UPDATE SKIP LOCKED");
      expect(await store.sweep(Date.now(), 100)).toBe(40);
      expect(await store.read(row.id)).toEqual(row);
      expect(await store.touch(row.id, row.seenAt, row.expiresAt)).toBe("touched");
      expect((await store.create(testRow({ id: testId(row.id.slice(0, 12) as never) }), { began: row.createdAt })).outcome).toBe("created");
      expect((await store.endAll(row.id.slice(0, 12) as never, testTombstone())).ended).toHaveLength(2);
      await other.query("ROLLBACK");
      expect(await store.sweep(Date.now(), 100)).toBe(60);
    });

    it("[D05] forgets a notBefore after 400 days, and not earlier", async () => {
      await ensureMysqlSchema(run, { table: "marked" });
      const store = createMysqlStore(run, { table: "marked" });
      const partition = testPartition();
      const { notBefore } = await store.endAll(partition, testTombstone());
      const signIn = async (): Promise<string> => (await store.create(testRow({ id: testId(partition) }), { began: notBefore })).outcome;
      await store.sweep(notBefore + 400 * 24 * HOUR - 1);
      expect(await signIn()).toBe("revoked");
      await store.sweep(notBefore + 400 * 24 * HOUR);
      expect(await signIn()).toBe("created");
      await store.sweep(Date.now());
      expect(await rowsOf("SELECT * FROM marked_marks")).toEqual([]);
    });
  });

  it("what is no cursor gets an empty page", async () => {
    await ensureMysqlSchema(run, { table: "paged" });
    const store = createMysqlStore(run, { table: "paged" });
    const row = testRow();
    await store.create(row, { began: row.createdAt });
    const partition = row.id.slice(0, 12) as ReturnType<typeof testPartition>;
    for (const cursor of ["", "x", "x.y", "-1.y", "1e9.y"]) expect(await store.list(partition, { cursor })).toEqual({ rows: [] });
  });
});
