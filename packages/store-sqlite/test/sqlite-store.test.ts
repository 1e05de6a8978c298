import { DatabaseSync } from "node:sqlite";
import { createTestClock, testId, testPartition, testRow, testTombstone } from "@holdfast/store-contract";
import { createSqliteStore, type SqliteDatabase, sqliteSchema } from "@holdfast/store-sqlite";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { prepareStatements } from "../src/lib/statements.ts";
import { scratch } from "./support/drivers.ts";

let files: ReturnType<typeof scratch>;
let db: DatabaseSync;
beforeEach(() => {
  files = scratch();
  db = new DatabaseSync(files.path("store.db"));
});
afterEach(() => {
  if (db.isOpen) db.close();
  files.remove();
});

const config = (option: string): unknown => expect.objectContaining({ code: "config", option });

describe("options", () => {
  it.each(["", "a b", 'x"; DROP TABLE y; --', "1st", "ünï", "a.b", "sqlite_x", "a\0", "x".repeat(56)])(
    "[K05] the table name %j is refused before any statement",
    (table) => {
      const said: string[] = [];
      const spy: SqliteDatabase = { exec: (sql) => said.push(sql), prepare: (sql) => db.prepare(sql) };
      expect(() => createSqliteStore(spy, { table })).toThrow(config("table"));
      expect(() => sqliteSchema(table)).toThrow(config("table"));
      expect(said).toEqual([]);
    },
  );

  it("a table may be called like a keyword, and two tables of one file are apart", async () => {
    const [orders, group] = [createSqliteStore(db, { table: "order" }), createSqliteStore(db, { table: "Group" })];
    const row = testRow();
    await orders.create(row, { began: row.createdAt });
    expect(await group.read(row.id)).toBeNull();
    expect(await orders.read(row.id)).toEqual(row);
  });

  it.each([
    ["full", 2],
    ["normal", 1],
  ] as const)("synchronous %s, WAL and a busy timeout are set on the connection", (synchronous, level) => {
    createSqliteStore(db, { synchronous });
    expect(db.prepare("PRAGMA synchronous").get()).toEqual({ synchronous: level });
    expect(db.prepare("PRAGMA journal_mode").get()).toEqual({ journal_mode: "wal" });
    expect(db.prepare("PRAGMA busy_timeout").get()).toEqual({ timeout: 5000 });
  });

  it("synchronous is full unless told, and `off` is refused", () => {
    createSqliteStore(db);
    expect(db.prepare("PRAGMA synchronous").get()).toEqual({ synchronous: 2 });
    // @ts-expect-error -- from JavaScript
    expect(() => createSqliteStore(db, { synchronous: "off" })).toThrow(config("synchronous"));
  });

  it("a second store on the file finds the tables and the rows of the first", async () => {
    const row = testRow();
    await createSqliteStore(db).create(row);
    db.exec(sqliteSchema());
    expect(await createSqliteStore(db).read(row.id)).toEqual(row);
  });
});

describe("statements", () => {
  it("no statement scans a table or sorts: each is served by a key or an index", () => {
    db.exec(sqliteSchema("t"));
    const plans: Record<string, string> = {};
    const explain: SqliteDatabase = { exec: (sql) => db.exec(sql), prepare: (sql) => db.prepare(`EXPLAIN QUERY PLAN ${sql}`) };
    for (const [name, statement] of Object.entries(prepareStatements(explain, "t"))) {
      plans[name] = statement.all().map((step) => (step as { detail: string }).detail).join("; ");
    }
    for (const [name, plan] of Object.entries(plans)) expect(`${name}: ${plan}`).not.toMatch(/SCAN|TEMP B-TREE/);
    expect(plans["list"]).toContain("t_by_subject");
    expect(plans["endAll"]).toContain("t_by_subject");
    expect(plans["sweep"]).toContain("t_by_expiry");
  });
});

describe("faults", () => {
  it("the driver's fault rejects as it is", async () => {
    const store = createSqliteStore(db);
    const row = testRow();
    db.close();
    await expect(store.read(row.id)).rejects.toMatchObject({ code: "ERR_INVALID_STATE" });
    await expect(store.create(row, { began: 0 })).rejects.toMatchObject({ code: "ERR_INVALID_STATE" });
  });

  it("[A09] a fault in the middle of a sign-in undoes its evictions, and the store goes on", async () => {
    const store = createSqliteStore(db);
    db.exec(`CREATE TRIGGER broken BEFORE INSERT ON holdfast_sessions WHEN NEW.body = 'breaks'
      BEGIN SELECT RAISE(ABORT, 'the disk is on fire'); END`);
    const partition = testPartition();
    const guard = { began: 1, limit: { max: 1, whenFull: "evict-oldest", tombstone: testTombstone() } } as const;
    const first = testRow({ id: testId(partition) });
    const second = testRow({ id: testId(partition) });
    await store.create(first, guard);
    await expect(store.create({ ...second, body: "breaks" }, guard)).rejects.toThrow("the disk is on fire");
    expect(await store.read(first.id)).toEqual(first);
    expect(await store.create(second, guard)).toEqual({ outcome: "created", evicted: [first.id] });
  });

  it("inside a transaction of somebody else, a sign-in is refused by SQLite and leaves that transaction alone", async () => {
    const store = createSqliteStore(db);
    db.exec("BEGIN; CREATE TABLE theirs (x)");
    await expect(store.create(testRow(), { began: 0 })).rejects.toThrow("within a transaction");
    db.exec("COMMIT");
    expect(db.prepare("SELECT count(*) AS n FROM theirs").get()).toEqual({ n: 0 });
  });
});

describe("the sweeper", () => {
  it("[D05] forgets a notBefore after 400 days, and not earlier", async () => {
    const clock = createTestClock();
    const store = createSqliteStore(db, { clock });
    const partition = testPartition();
    const { notBefore } = await store.endAll(partition, testTombstone());
    const signIn = async (): Promise<string> =>
      (await store.create(testRow({ id: testId(partition) }, clock.now()), { began: notBefore })).outcome;
    clock.advance(400 * 24 * 3_600_000 - 1);
    await store.sweep(clock.now());
    expect(await signIn()).toBe("revoked");
    clock.advance(1);
    await store.sweep(clock.now());
    expect(await signIn()).toBe("created");
  });
});

it("what is no cursor gets an empty page", async () => {
  const store = createSqliteStore(db);
  const row = testRow();
  const partition = row.id.slice(0, 12) as ReturnType<typeof testPartition>;
  await store.create(row, { began: row.createdAt });
  for (const cursor of ["", "x", "x.y", "-1.y", "1e9.y"]) expect(await store.list(partition, { cursor })).toEqual({ rows: [] });
});
