import { createPostgresStore, type PostgresStatement, pgPool, postgresSchema } from "@holdfast/store-postgres";
import { EventEmitter } from "node:events";
import { testId } from "@holdfast/store-contract";
import { describe, expect, it, vi } from "vitest";
import { callEveryVerb } from "../../store-contract/test/shared/tables.ts";

const config = (option: string): unknown => expect.objectContaining({ code: "config", option });
const unused = (): Promise<never> => Promise.reject(new Error("no statement was expected"));

describe("options", () => {
  it.each(["", "a b", 'x"; DROP TABLE y; --', "1st", "ünï", "a.b.c", ".a", "a.", "a\0", "a\n", "x".repeat(41), `${"s".repeat(20)}.${"t".repeat(20)}`, "a\nb", "$holdfast$"])(
    "[K05] the table name %j is refused before any statement",
    (table) => {
      expect(() => createPostgresStore(unused, { table })).toThrow(config("table"));
      expect(() => postgresSchema({ table })).toThrow(config("table"));
    },
  );

  it("another durability is refused", () => {
    // @ts-expect-error -- from JavaScript
    expect(() => createPostgresStore(unused, { durability: "none" })).toThrow(config("durability"));
  });
});

describe("statements", () => {
  it("[K05] ids and bodies are always bound, never part of a text", async () => {
    const said: PostgresStatement[] = [];
    const store = createPostgresStore(async (statement) => (said.push(statement), []));
    const hostile = "'; DROP TABLE x; --" as ReturnType<typeof testId>;
    await callEveryVerb(store, hostile);
    expect(said.length).toBeGreaterThan(10);
    for (const { name, text } of said) expect(`${name} ${text}`).not.toContain("DROP");
  });

  it("one name always means one text, also for two tables in one pool", async () => {
    const texts = new Map<string, Set<string>>();
    const run = async ({ name = "", text }: PostgresStatement): Promise<never[]> => {
      texts.set(name, (texts.get(name) ?? new Set()).add(text));
      return [];
    };
    for (const options of [{ table: "a" }, { table: "b" }, { table: "a.b" }, { table: "a", durability: "replicated" }] as const) {
      const store = createPostgresStore(run, options);
      for (let i = 0; i < 2; i += 1) {
        await store.read(testId());
        await store.touch(testId(), i, i);
        await store.sweep(i, i + 1);
      }
    }
    expect(texts.size).toBe(16);
    for (const used of texts.values()) expect(used.size).toBe(1);
    // A longer name would be cut, and two might become one.
    for (const table of ["x".repeat(40), `${"s".repeat(20)}.${"t".repeat(19)}`]) {
      await createPostgresStore(async ({ name = "" }) => (expect(name.length).toBeLessThan(64), []), { table, durability: "replicated" }).sweep(1);
    }
  });
});

describe("statements that the server rolled back", () => {
  const failing = (code: string, times: number): { run: () => Promise<unknown[][]>; ran: () => number } => {
    let count = 0;
    return {
      run: async () => {
        if (count++ < times) throw Object.assign(new Error(`fault ${code}`), { code });
        return [[1]];
      },
      ran: () => count,
    };
  };

  it.each(["40001", "40P01"])("%s runs again, at most five times", async (code) => {
    const few = failing(code, 4);
    expect(await createPostgresStore(few.run).touch(testId(), 1, 2)).toBe("touched");
    expect(few.ran()).toBe(5);
    const many = failing(code, 5);
    await expect(createPostgresStore(many.run).touch(testId(), 1, 2)).rejects.toMatchObject({ code });
    expect(many.ran()).toBe(5);
  });

  it.each(["ECONNRESET", "08006", "57P01", "55P03", "23505"])("%s does not: nobody knows whether it took effect, or it would fail again", async (code) => {
    const once = failing(code, 1);
    await expect(createPostgresStore(once.run).touch(testId(), 1, 2)).rejects.toMatchObject({ code });
    expect(once.ran()).toBe(1);
  });

  it("none runs again once the signal has fired", async () => {
    const controller = new AbortController();
    const reason = new Error("late");
    let ran = 0;
    const run = async (): Promise<never> => {
      ran += 1;
      controller.abort(reason);
      throw Object.assign(new Error("deadlock"), { code: "40P01" });
    };
    await expect(createPostgresStore(run).touch(testId(), 1, 2, { signal: controller.signal })).rejects.toBe(reason);
    expect(ran).toBe(1);
  });
});

describe("a connection of pg", () => {
  const pool = (answer: () => Promise<{ rows: unknown[][] }>): { pool: Parameters<typeof pgPool>[0]; released: (boolean | undefined)[] } => {
    const released: (boolean | undefined)[] = [];
    return { pool: { connect: async () => ({ query: answer, release: (destroy) => void released.push(destroy), on: () => undefined, removeListener: () => undefined }) }, released };
  };
  const statement = { name: "x", text: "SELECT 1", values: [] };

  it.each([
    ["a statement that was refused", { severity: "ERROR", code: "23505" }, false],
    ["a serialization failure", { severity: "FEHLER", code: "40001" }, false],
    ["a broken socket", { code: "EPIPE" }, true],
    ["a shutdown", { severity: "FATAL", code: "57P01" }, true],
    ["a primary that became a standby", { severity: "ERROR", code: "25006" }, true],
  ])("after %s it is kept or closed", async (_what, fault, destroyed) => {
    const { pool: client, released } = pool(() => Promise.reject(Object.assign(new Error("fault"), fault)));
    await expect(pgPool(client)(statement)).rejects.toMatchObject(fault);
    expect(released).toEqual([destroyed]);
  });

  it("that says by an event that its server goes away does not end the process", async () => {
    const client = Object.assign(new EventEmitter(), {
      query: async () => {
        // Without a listener this throws, as the event of a socket would.
        client.emit("error", new Error("terminating connection"));
        return { rows: [[1]] };
      },
      release: () => undefined,
    });
    expect(await pgPool({ connect: async () => client })(statement)).toEqual([[1]]);
    expect(client.listenerCount("error")).toBe(0);
  });

  it("that came after the deadline sends nothing and goes back", async () => {
    let asked = 0;
    const { pool: client, released } = pool(async () => (asked++, { rows: [] }));
    const reason = new Error("late");
    await expect(pgPool(client)(statement, AbortSignal.abort(reason))).rejects.toBe(reason);
    expect([asked, released]).toEqual([0, [false]]);
  });

  it("whose answer comes late goes back once, and one that never answers is closed", async () => {
    for (const answers of [true, false]) {
      const controller = new AbortController();
      let answer: () => void = () => undefined;
      const { pool: client, released } = pool(() => new Promise((resolve) => (answer = () => resolve({ rows: [] }))));
      const running = pgPool(client, { abandonAfter: 0 })(statement, controller.signal);
      await Promise.resolve();
      controller.abort();
      if (answers) answer();
      else await vi.waitFor(() => expect(released).not.toEqual([]), 30_000);
      expect(released).toEqual(answers ? [] : [true]);
      answer();
      await running;
      expect(released).toEqual([!answers]);
    }
  });
});
