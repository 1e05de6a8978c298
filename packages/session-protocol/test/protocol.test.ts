import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { evaluate, formatDeadlines, parseDeadlines, parseProblemType, parseSessionView, PROBLEMS, problemType } from "../src/index.ts";

const runs = { numRuns: Number(process.env["HOLDFAST_DRILL"] ? 100_000 : 1000) };
const moment = fc.integer({ min: 0, max: 4e12 });

describe("evaluate", () => {
  it("[C01] a deadline is over exactly when it is reached", () => {
    const at = { idleAt: 1000, absoluteAt: 5000 };
    expect(evaluate(at, 999)).toEqual({ state: "active", by: "idle", endsIn: 1, changesAt: 1000 });
    expect(evaluate(at, 1000)).toEqual({ state: "expired", by: "idle" });
    expect(evaluate(at, 1001)).toEqual({ state: "expired", by: "idle" });
    expect(evaluate({ idleAt: 9000, absoluteAt: 5000 }, 5000)).toEqual({ state: "expired", by: "absolute" });
    expect(evaluate(at, 499, 500).state).toBe("active");
    expect(evaluate(at, 500, 500)).toEqual({ state: "warning", by: "idle", endsIn: 500, changesAt: 1000 });
  });

  it("says the same at all times up to changesAt, and something else there", () => {
    fc.assert(
      fc.property(moment, moment, moment, fc.integer({ min: 0, max: 1e7 }), (idleAt, absoluteAt, now, warn) => {
        const e = evaluate({ idleAt, absoluteAt }, now, warn);
        if (e.state === "expired") return void expect(now).toBeGreaterThanOrEqual(Math.min(idleAt, absoluteAt));
        expect(e.changesAt).toBeGreaterThan(now);
        expect(evaluate({ idleAt, absoluteAt }, e.changesAt - 1, warn).state).toBe(e.state);
        expect(evaluate({ idleAt, absoluteAt }, e.changesAt, warn).state).not.toBe(e.state === "active" && warn === 0 ? "active" : e.state);
        expect(e.endsIn).toBe(Math.min(idleAt, absoluteAt) - now);
      }),
      runs,
    );
  });

  it("never gives time to a deadline that is not a number", () => {
    expect(evaluate({ idleAt: Number.NaN, absoluteAt: 5 }, 1).state).toBe("expired");
    expect(evaluate({ idleAt: 5, absoluteAt: Number.NaN }, 1).state).toBe("expired");
    expect(evaluate({ idleAt: 5, absoluteAt: 5 }, Number.NaN).state).toBe("expired");
  });
});

describe("Session-Deadlines", () => {
  it("round-trips, cutting fractions off and nothing below zero", () => {
    fc.assert(
      fc.property(fc.double({ min: -10, max: 1e8, noNaN: true }), fc.double({ min: -10, max: 1e8, noNaN: true }), fc.stringMatching(/^[\w-]{1,40}$/), (idle, absolute, epoch) => {
        const parsed = parseDeadlines(formatDeadlines({ idle, absolute, epoch }));
        expect(parsed).toEqual({ idle: Math.max(0, Math.floor(idle)), absolute: Math.max(0, Math.floor(absolute)), epoch });
      }),
      runs,
    );
  });

  it("ignores members and parameters it does not know, refuses what is malformed or incomplete", () => {
    const known = { idle: 1, absolute: 2, epoch: "e" };
    expect(parseDeadlines('idle=1;q=2, absolute=2, new, other=?1, word=abc, epoch="e";x')).toEqual(known);
    expect(parseDeadlines('idle=9, idle=1,absolute=2,epoch="e"')).toEqual(known);
    for (const bad of [null, undefined, "", "idle=1", 'idle=1, absolute=2, epoch=""', 'idle=-1, absolute=2, epoch="e"', 'idle=1.5, absolute=2, epoch="e"', 'idle=x, absolute=2, epoch="e"', 'idle=1, absolute=2, epoch="e', 'idle=1,, absolute=2, epoch="e"', `idle=1, absolute=2, epoch="${"e".repeat(600)}"`, 'IDLE=1, absolute=2, epoch="e"', 'idle=1e3, absolute=2, epoch="e"']) {
      expect(parseDeadlines(bad), String(bad)).toBeNull();
    }
  });

  it("any text is taken without throwing", () => {
    fc.assert(fc.property(fc.oneof(fc.string({ unit: "binary" }), fc.stringMatching(/^[a-z=,;"\\ 0-9.-]*$/)), (text) => void parseDeadlines(text)), runs);
    for (const evil of ['"'.repeat(500), 'a="\\'.repeat(120), "=".repeat(500), `${"a;".repeat(250)}"`]) expect(parseDeadlines(evil)).toBeNull();
  });
});

describe("SessionView", () => {
  const live = { id: "i", data: { a: 1 }, idleIn: 5, expiresIn: 6, epoch: "e" };

  it("keeps what it knows and drops the rest", () => {
    expect(parseSessionView({ state: "active", ...live, subject: "ada", authenticatedAgo: 0, admin: true })).toEqual({ state: "active", ...live, subject: "ada", authenticatedAgo: 0 });
    expect(parseSessionView({ state: "guest", ...live, subject: "x" })).toEqual({ state: "guest", ...live });
    expect(parseSessionView({ state: "guest", ...live, idleFor: 9 })).toEqual({ state: "guest", ...live, idleFor: 9 });
    expect(parseSessionView({ state: "guest", ...live, idleFor: "9" })).toEqual({ state: "guest", ...live });
    expect(parseSessionView({ state: "none", ended: "idle", x: 1 })).toEqual({ state: "none", ended: "idle" });
    expect(parseSessionView({ state: "none", ended: "boredom" })).toEqual({ state: "none" });
  });

  it("anything else is null, without throwing", () => {
    for (const bad of [{ state: "active", ...live }, { state: "guest", ...live, idleIn: -1 }, { state: "guest", ...live, idleIn: 1.5 }, { state: "guest", ...live, epoch: "" }, { state: "root" }, [], null, 1, "x"]) {
      expect(parseSessionView(bad)).toBeNull();
    }
    fc.assert(fc.property(fc.anything(), (value) => void parseSessionView(value)), runs);
  });
});

describe("problem types", () => {
  it("read back as what they are, and nothing else does", () => {
    for (const name of PROBLEMS) expect(parseProblemType(problemType(name))).toBe(name);
    for (const other of ["about:blank", "urn:holdfast:problem:", "urn:holdfast:problem:constructor", 1, null]) expect(parseProblemType(other)).toBeUndefined();
  });
});
