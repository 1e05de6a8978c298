import { testId } from "@holdfast/store-contract";
import { createMysqlStore, type MysqlStatement, mysqlPool, mysqlSchema } from "@holdfast/store-mysql";
import { describe, expect, it, vi } from "vitest";
import { callEveryVerb } from "../../store-contract/test/shared/tables.ts";

const config = (option: string): unknown => expect.objectContaining({ code: "config", option });
const unused = (): Promise<never> => Promise.reject(new Error("no statement was expected"));

describe("options", () => {
  it.each(["", "a b", "x`; DROP TABLE y; --", "1st", "ünï", "a.b.c", ".a", "a.", "a\0", "a\n", "a\\", "x".repeat(51)])("[K05] the table name %j is refused before any statement", (table) => {
    expect(() => createMysqlStore(unused, { table })).toThrow(config("table"));
    expect(() => mysqlSchema({ table })).toThrow(config("table"));
  });
});

describe("statements", () => {
  it("[K05] ids and bodies are always bound, never part of a text", async () => {
    const said: MysqlStatement[] = [];
    const store = createMysqlStore(async (statement) => (said.push(statement), { rows: [], affected: 0 }));
    const hostile = "'; DROP TABLE x; --" as ReturnType<typeof testId>;
    await callEveryVerb(store, hostile);
    expect(said.length).toBeGreaterThan(10);
    for (const { text } of said) expect(text).not.toContain("DROP");
    for (const { text, values } of said) expect([text, text.split("?").length - 1]).toEqual([text, values.length]);
  });

  it.each([1.5, Number.NaN, "1; DROP TABLE x" as never])("[K05] the limit %j, which is part of a text, is refused", async (limit) => {
    const store = createMysqlStore(unused);
    await expect(store.list("p" as never, { limit })).rejects.toThrow("limit");
  });

  it("an id that the column would cut is refused", async () => {
    const row = { id: `${testId()}A` as ReturnType<typeof testId>, revision: 0, writeId: "w", createdAt: 1, seenAt: 1, expiresAt: 2, body: "" };
    await expect(createMysqlStore(unused).create(row)).rejects.toMatchObject({ code: "invalid_data" });
  });
});

describe("statements that the server rolled back", () => {
  const failing = (errno: number, times: number) => {
    let count = 0;
    const run = async (): Promise<{ rows: []; affected: number }> => {
      if (count++ < times) throw Object.assign(new Error(`fault ${errno}`), { errno });
      return { rows: [], affected: 1 };
    };
    return { run, ran: () => count };
  };

  it.each([1213, 1205])("%i runs again, at most five times", async (errno) => {
    const few = failing(errno, 4);
    expect(await createMysqlStore(few.run).touch(testId(), 1, 2)).toBe("touched");
    expect(few.ran()).toBe(5);
    const many = failing(errno, 5);
    await expect(createMysqlStore(many.run).touch(testId(), 1, 2)).rejects.toMatchObject({ errno });
    expect(many.ran()).toBe(5);
  });

  it.each([2013, 1053, 1062, 1317])("%i does not: nobody knows whether it took effect, or it would fail again", async (errno) => {
    const once = failing(errno, 1);
    await expect(createMysqlStore(once.run).touch(testId(), 1, 2)).rejects.toMatchObject({ errno });
    expect(once.ran()).toBe(1);
  });
});

describe("a connection", () => {
  const poolOf = (answer: () => Promise<[unknown, unknown]>): { pool: Parameters<typeof mysqlPool>[0]; done: string[] } => {
    const done: string[] = [];
    return { pool: { getConnection: async () => ({ execute: answer, release: () => void done.push("released"), destroy: () => void done.push("destroyed") }) }, done };
  };
  const statement = { text: "SELECT 1", values: [] };

  it.each([
    ["a statement that was refused", { errno: 1062, sqlState: "23000" }, "released"],
    ["a deadlock", { errno: 1213, sqlState: "40001" }, "released"],
    ["a broken socket", { code: "ECONNRESET" }, "destroyed"],
    ["a procedure that was interrupted in its transaction", { errno: 1317, sqlState: "70100" }, "destroyed"],
    ["a primary that became a replica", { errno: 1290, sqlState: "HY000" }, "destroyed"],
  ])("after %s", async (_what, fault, what) => {
    const { pool, done } = poolOf(() => Promise.reject(Object.assign(new Error("fault"), fault)));
    await expect(mysqlPool(pool)(statement)).rejects.toMatchObject(fault);
    expect(done).toEqual([what]);
  });

  it("that came after the deadline sends nothing and goes back", async () => {
    let asked = 0;
    const { pool, done } = poolOf(async () => (asked++, [[], []]));
    const reason = new Error("late");
    await expect(mysqlPool(pool)(statement, AbortSignal.abort(reason))).rejects.toBe(reason);
    expect([asked, done]).toEqual([0, ["released"]]);
  });

  it("whose answer comes late goes back once, and one that never answers is closed", async () => {
    for (const answers of [true, false]) {
      const controller = new AbortController();
      let answer: () => void = () => undefined;
      const { pool, done } = poolOf(() => new Promise((resolve) => (answer = () => resolve([[], []]))));
      const running = mysqlPool(pool, { abandonAfter: 0 })(statement, controller.signal);
      await Promise.resolve();
      controller.abort();
      if (answers) answer();
      else await vi.waitFor(() => expect(done).not.toEqual([]), 30_000);
      expect(done).toEqual(answers ? [] : ["destroyed"]);
      answer();
      await running;
      expect(done).toEqual([answers ? "released" : "destroyed"]);
    }
  });

  it("gives the rows of a query, the count of a write, and all rows of a procedure", async () => {
    const said = async (result: unknown): Promise<unknown> => mysqlPool(poolOf(async () => [result, []]).pool)(statement);
    const header = { affectedRows: 3 };
    expect(await said([[1], [2]])).toEqual({ rows: [[1], [2]], affected: 0 });
    expect(await said([])).toEqual({ rows: [], affected: 0 });
    expect(await said(header)).toEqual({ rows: [], affected: 3 });
    expect(await said([[["created", null]], [["evicted", "a"], ["evicted", "b"]], header])).toEqual({ rows: [["created", null], ["evicted", "a"], ["evicted", "b"]], affected: 0 });
    expect(await said([[], header])).toEqual({ rows: [], affected: 0 });
  });
});
