import { describe, expect, it } from "vitest";
import { heed, pageOf, placeOf, withAttempts } from "../src/store-kit.ts";
import type { SessionId, StoredSession } from "../src/store.ts";

describe("heed", () => {
  it("gives what the work gives, and leaves the signal alone afterwards", async () => {
    const { signal } = new AbortController();
    expect(await heed(signal, Promise.resolve(1))).toBe(1);
    await expect(heed(signal, Promise.reject(new Error("no")))).rejects.toThrow("no");
    expect(await heed(undefined, Promise.resolve(2))).toBe(2);
  });

  it("rejects with the signal's reason, also with one that has fired before", async () => {
    const controller = new AbortController();
    const waiting = heed(controller.signal, new Promise(() => undefined));
    controller.abort(new Error("late"));
    await expect(waiting).rejects.toThrow("late");
    await expect(heed(controller.signal, new Promise(() => undefined))).rejects.toThrow("late");
  });

  it("hears nothing of work that fails after its deadline", async () => {
    const controller = new AbortController();
    let reject: (fault: Error) => void = () => undefined;
    const waiting = heed(controller.signal, new Promise((_, no) => (reject = no)));
    controller.abort(new Error("late"));
    reject(new Error("later"));
    await expect(waiting).rejects.toThrow("late");
  });
});

describe("withAttempts", () => {
  const failing = (times: number, code: string) => {
    const asked: string[] = [];
    const run = async (statement: string): Promise<string> => {
      asked.push(statement);
      if (asked.length <= times) throw Object.assign(new Error("rolled back"), { code });
      return "done";
    };
    return { asked, run: withAttempts(run, (fault) => fault.code === "40001") };
  };

  it("runs again what was rolled back, five times at most", async () => {
    const four = failing(4, "40001");
    expect(await four.run("a")).toBe("done");
    expect(four.asked).toEqual(["a", "a", "a", "a", "a"]);
    const five = failing(5, "40001");
    await expect(five.run("a")).rejects.toThrow("rolled back");
    expect(five.asked).toHaveLength(5);
  });

  it("runs nothing else again, and nothing after the signal fired", async () => {
    const other = failing(1, "57P01");
    await expect(other.run("a")).rejects.toThrow("rolled back");
    expect(other.asked).toHaveLength(1);
    const stopped = failing(0, "");
    await expect(stopped.run("a", AbortSignal.abort(new Error("over")))).rejects.toThrow("over");
    expect(stopped.asked).toEqual([]);
  });
});

describe("pages", () => {
  const row = (createdAt: number, id: string): StoredSession => ({ id: id as SessionId, revision: 0, writeId: "", createdAt, seenAt: 0, expiresAt: 0, body: "" });

  it("names the last row of a page where another one follows, also by an id with dots", () => {
    const rows = [row(3, "c"), row(2, "b.b"), row(1, "a")];
    const { cursor } = pageOf(rows, 2);
    expect(placeOf(cursor)).toEqual({ createdAt: 2, id: "b.b" });
    expect(pageOf(rows, 2).rows).toEqual(rows.slice(0, 2));
    expect(pageOf(rows, 3)).toEqual({ rows });
    expect(pageOf([], 3)).toEqual({ rows: [] });
  });

  it("begins before everything without a cursor, and after everything with what is none", () => {
    expect(placeOf(undefined).createdAt).toBe(Number.MAX_SAFE_INTEGER);
    for (const cursor of ["", "x", "1", "1.", "-1.a", "1e3.a", `${"9".repeat(16)}.a`]) expect(placeOf(cursor)).toEqual({ createdAt: -1, id: "" });
  });
});
