import type { CreateResult, IndexedStore, Partition } from "@holdfast/session-core/store";
import { testId, testPartition, testRow, testTombstone } from "@holdfast/store-contract";
import { createMysqlStore, ensureMysqlSchema } from "@holdfast/store-mysql";
import mysql from "mysql2/promise";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { startMariadb } from "../../../../tools/services/mariadb.ts";
import type { Server } from "../../../../tools/services/server.ts";
import { givesUpAtItsDeadline, undoesEvictions } from "../../../store-contract/test/shared/contention.ts";
import { itSurvivesKill, until } from "../../../store-contract/test/shared/kill.ts";
import { mariadbProgram } from "../support/program.ts";
import { connect } from "../support/servers.ts";

/** The table of transactions is a copy that is refreshed only when nobody has looked for a tenth of a second. */
const REFRESHED = 150;

describe.skipIf(mariadbProgram === undefined)("MariaDB that is killed [needs mariadb]", () => {
  // As installed, MariaDB flushes its log at each commit.
  itSurvivesKill("mysql2", async () => {
    const server = await startMariadb(mariadbProgram ?? "");
    const { run, close } = connect(server.url, 8);
    await ensureMysqlSchema(run);
    return { server, store: createMysqlStore(run), close };
  });
});

describe.skipIf(mariadbProgram === undefined)("MariaDB under contention [needs mariadb]", () => {
  let server: Server;
  let other: mysql.Connection;
  beforeAll(async () => {
    server = await startMariadb(mariadbProgram ?? "");
    const { run, close } = connect(server.url);
    await ensureMysqlSchema(run);
    await close();
  });
  afterAll(() => server?.stop());
  beforeEach(async () => {
    other = await mysql.createConnection(server.url);
  });
  afterEach(() => other.end());

  const transactions = async (where: string): Promise<readonly { readonly trx_mysql_thread_id: number }[]> => {
    const [rows] = await other.query(`SELECT trx_mysql_thread_id FROM information_schema.innodb_trx WHERE ${where}`);
    return rows as { trx_mysql_thread_id: number }[];
  };
  const somebodyWaits = async (): Promise<boolean> => (await transactions("trx_state = 'LOCK WAIT'")).length > 0;

  it("a write that waits for a lock is given up at its deadline, and its only connection serves the next call", async () => {
    const { run, close } = connect(server.url, 1);
    await givesUpAtItsDeadline(createMysqlStore(run), {
      take: async (id) => (await other.query("BEGIN"), other.query("SELECT 1 FROM holdfast_sessions WHERE id = ? FOR UPDATE", [id])),
      awaited: somebodyWaits,
      release: () => other.query("COMMIT"),
    });
    await close();
  });

  describe("one after the other where they would overrun together", () => {
    const guard = { began: Date.now(), limit: { max: 1, whenFull: "reject", tombstone: testTombstone() } } as const;
    /** Holds the lock of the subject, starts both, and lets them go when both have waited a while; says when that was. */
    const meet = async <T, U>(partition: Partition, first: (store: IndexedStore) => Promise<T>, second: (store: IndexedStore) => Promise<U>): Promise<[T, U, number]> => {
      const { run, close } = connect(server.url);
      const store = createMysqlStore(run);
      await other.query("BEGIN");
      await other.query("INSERT INTO holdfast_sessions_marks VALUES (?, 0)", [partition]);
      const one = first(store);
      await until(somebodyWaits, REFRESHED);
      const two = second(store);
      // A stamp from when it began to wait would be an earlier one.
      const waiting = Date.now();
      await until(() => Date.now() > waiting);
      const released = Date.now();
      await other.query("ROLLBACK");
      const both = await Promise.all([one, two]);
      await close();
      return [...both, released];
    };

    it("[D08] two sign-ins that wait for one place: one gets it", async () => {
      const partition = testPartition();
      const signIn = (store: IndexedStore): Promise<CreateResult> => store.create(testRow({ id: testId(partition) }), guard);
      const [first, second] = await meet(partition, signIn, signIn);
      expect([first.outcome, second.outcome].sort()).toEqual(["created", "full"]);
    });

    it("[D05] a revocation that waited is stamped after what it ends, and refuses what had begun before it", async () => {
      const row = testRow();
      const partition = row.id.slice(0, 12) as Partition;
      const [, { notBefore, ended }, released] = await meet(partition, (store) => store.create(row, { began: row.createdAt }), (store) => store.endAll(partition, testTombstone()));
      const { run, close } = connect(server.url);
      const store = createMysqlStore(run);
      const again = await store.create(testRow({ id: testId(partition) }), { began: row.createdAt });
      expect(again.outcome).toBe("revoked");
      expect(notBefore).toBeGreaterThanOrEqual(released);
      expect(ended.length).toBeLessThanOrEqual(1);
      expect((await store.list(partition)).rows).toEqual([]);
      await close();
    });
  });

  it("a procedure that is interrupted leaves nothing behind, and the pool goes on", async () => {
    const { run, close } = connect(server.url, 1);
    await ensureMysqlSchema(run, { table: "slow" });
    await other.query("CREATE TRIGGER slows BEFORE UPDATE ON slow FOR EACH ROW BEGIN DECLARE i BIGINT DEFAULT 0; IF NEW.body = 'slow' THEN WHILE i < 1e12 DO SET i = i + 1; END WHILE; END IF; END");
    const { rows: [mine] } = await run({ text: "SELECT CONNECTION_ID() AS id", values: [] });
    const id = Number(Object.values(mine ?? {})[0]);
    // Interrupted between the insert and the eviction. What the server does not roll back then, the end of the connection does.
    await undoesEvictions(createMysqlStore(run, { table: "slow" }), "slow", async (signIn) => {
      const refused = expect(signIn).rejects.toMatchObject({ errno: 1317 });
      // The new row; the mark was there. Of this connection: what the table tells may be old, and of one that is gone.
      await until(async () => (await transactions(`trx_mysql_thread_id = ${id} AND trx_rows_modified > 0`)).length > 0, REFRESHED);
      // One that comes between two statements of a procedure may be lost, and the next statement goes on for ever. One that comes too late finds nobody.
      let over = false;
      await Promise.all([
        refused.finally(() => (over = true)),
        until(async () => over || (await other.query(`KILL QUERY ${id}`).catch(({ errno }: { errno?: number }) => expect(errno).toBe(1094)), over), REFRESHED),
      ]);
    });
    await close();
  });

  it("[A09] a fault in the middle of a sign-in undoes its evictions, and the store goes on", async () => {
    const { run, close } = connect(server.url, 1);
    await ensureMysqlSchema(run, { table: "broken" });
    await other.query("CREATE TRIGGER breaks BEFORE UPDATE ON broken FOR EACH ROW IF NEW.body = 'breaks' THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'the disk is on fire'; END IF");
    await undoesEvictions(createMysqlStore(run, { table: "broken" }), "breaks", (signIn) => expect(signIn).rejects.toThrow("the disk is on fire"));
    await close();
  });

  it("a revocation that waits for one of its rows holds up nobody whose rows lie beside them", async () => {
    const { run, close } = connect(server.url, 3);
    await ensureMysqlSchema(run, { table: "gaps" });
    const store = createMysqlStore(run, { table: "gaps" });
    const [before, subject, after] = ["aaaaaaaaaaaa", "mmmmmmmmmmmm", "zzzzzzzzzzzz"] as Partition[];
    const rows = [1, 2].map((createdAt) => testRow({ id: testId(subject), createdAt }));
    for (const row of rows) await store.create(row, { began: 1 });
    await other.query("BEGIN");
    await other.query("SELECT 1 FROM gaps WHERE id = ? FOR UPDATE", [rows[1]?.id]);
    const ending = store.endAll(subject ?? testPartition(), testTombstone());
    await until(somebodyWaits, REFRESHED);
    for (const partition of [before, after]) {
      const signIn = store.create(testRow({ id: testId(partition) }), { began: 1 }, { signal: AbortSignal.timeout(40_000) });
      expect((await signIn).outcome).toBe("created");
    }
    await other.query("COMMIT");
    expect((await ending).ended).toHaveLength(2);
    await close();
  });
});
