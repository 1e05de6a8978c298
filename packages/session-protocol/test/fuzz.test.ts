import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { damaged, deepJson, FRAGMENTS, hostileText, KB, longTexts, MB, OURS } from "../../session-core/test/fuzz/hostile.ts";
import { family, must } from "../../session-core/test/fuzz/inputs.ts";
import { formatDeadlines, parseDeadlines, parseProblemType, parseSessionView, PROBLEMS, problemType, type SessionDeadlines, type SessionView } from "../src/index.ts";

const seconds = fc.oneof(fc.integer({ min: 0, max: 1e9 }), fc.constantFrom(0, 999_999_999_999_999));
const deadlines: fc.Arbitrary<SessionDeadlines> = fc.record({ idle: seconds, absolute: seconds, epoch: fc.stringMatching(/^[\w-]{1,40}$/) });
const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0;
const isName = (value: unknown): boolean => typeof value === "string" && value !== "";
const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);

/** What is believed has the shape that the browser counts on. */
const isWhole = (read: SessionDeadlines): boolean => Object.keys(read).length === 3 && isCount(read.idle) && isCount(read.absolute) && isName(read.epoch) && !/["\x00-\x1f\x7f-\uffff]/.test(read.epoch);

describe("Session-Deadlines", () => {
  const each = family("Session-Deadlines");

  it("round-trips, whatever else stands in the dictionary and in whatever order", () => {
    const other = fc.constantFrom("a", "b=1", "c=1.5", "d=\"x\"", "e=?0", "f=token/1", "g;h=1", "*k=2", "i=:AAAA:", "x-idle=5", "idle-x=6");
    return each(0.3, fc.tuple(deadlines, fc.array(other, { maxLength: 3 }), fc.nat({ max: 5 }), fc.constantFrom(",", ", ", " ,\t")), ([value, others, turn, separator]) => {
      const members = [...formatDeadlines(value).split(", "), ...others];
      const turned = members.map((_, i) => members[(i + turn) % members.length]);
      must(same(parseDeadlines(turned.join(separator)), value), turned.join(separator));
    });
  });

  it("a damaged one is null, or whole all the same; it never throws", () =>
    each(0.4, damaged(deadlines.map(formatDeadlines)), ({ text }) => {
      const read = parseDeadlines(text);
      must(read === null || isWhole(read), "neither null nor whole");
    }));

  it("any other text is null, or whole all the same", () =>
    each(0.3, hostileText(), (text) => {
      const read = parseDeadlines(text);
      must(read === null || isWhole(read), "neither null nor whole");
    }));

  it("64 KB and 4 MB are not looked into", () => {
    for (const size of [64 * KB, 4 * MB]) for (const long of longTexts(size)) expect(parseDeadlines(long)).toBeNull();
  });

  it("half a KB is read in one pass, whatever it repeats", () => {
    for (const long of longTexts(500)) expect(parseDeadlines(long)).toBeNull();
  });
});

const name = fc.oneof(fc.constantFrom(...FRAGMENTS, ...OURS), fc.string({ unit: "binary", minLength: 1, maxLength: 20 }));
const live = { id: name, data: fc.jsonValue({ maxDepth: 3 }), idleIn: fc.nat(), expiresIn: fc.nat(), epoch: name };
const views: fc.Arbitrary<SessionView> = fc.oneof(
  fc.record({ state: fc.constant("active" as const), ...live, subject: name, authenticatedAgo: fc.nat() }),
  fc.record({ state: fc.constant("guest" as const), ...live }),
  fc.record({ state: fc.constant("none" as const), ended: fc.constantFrom("idle", "absolute", "revoked", "reuse", "logout") }),
  fc.constant({ state: "none" as const }),
);
const odd = fc.oneof(fc.jsonValue({ maxDepth: 1 }), fc.constantFrom<unknown>(null, "", 0, -1, 1.5, 1e300, "1", true, [], {}, "__proto__"));

function isView(view: SessionView): boolean {
  if (view.state === "none") return view.ended === undefined || ["idle", "absolute", "revoked", "reuse", "logout"].includes(view.ended);
  const { id, idleIn, expiresIn, epoch } = view;
  const whole = isName(id) && isName(epoch) && isCount(idleIn) && isCount(expiresIn);
  return view.state === "guest" ? whole : view.state === "active" && whole && isName(view.subject) && isCount(view.authenticatedAgo);
}

describe("SessionView", () => {
  const each = family("views");

  it("reads back over JSON, and drops what it does not know, also __proto__", () =>
    each(0.25, fc.tuple(views, fc.constantFrom("__proto__", "constructor", "admin", "x")), ([view, extra]) => {
      const sent = JSON.stringify(view).replace("{", () => `{"${extra}":{"state":"active","admin":true},`);
      const read = parseSessionView(JSON.parse(sent));
      must(same(read, parseSessionView(view)) && read !== null && same({ ...view, ...read }, view), sent);
      must(read !== null && Object.getPrototypeOf(read) === Object.prototype && !("admin" in read), "polluted");
    }));

  it("with one member gone or replaced it is null, or whole all the same", () =>
    each(0.35, fc.tuple(views, fc.nat(), fc.option(odd, { nil: undefined })), ([view, which, value]) => {
      const members = Object.entries(view);
      const changed = Object.fromEntries(members.map(([key, old], i) => [key, i === which % members.length ? value : old]));
      const read = parseSessionView(changed);
      must(read === null || isView(read), "neither null nor whole");
    }));

  it("any other value, damaged JSON too, is null, or whole all the same", () =>
    each(0.3, fc.oneof(fc.anything(), damaged(views.map((view) => JSON.stringify(view))).map(({ text }) => parseOr(text))), (value) => {
      const read = parseSessionView(value);
      must(read === null || isView(read), "neither null nor whole");
    }));

  it("problem types read back, and nothing else is one", () =>
    each(0.1, fc.oneof(damaged(fc.constantFrom(...PROBLEMS).map(problemType)).map(({ text }) => text), hostileText(), fc.anything()), (type) => {
      const read = parseProblemType(type);
      must(read === undefined || problemType(read) === type, "believed");
    }));

  it("ten thousand levels and four megabytes are no matter", () => {
    for (const text of deepJson()) {
      const data = parseOr(text);
      expect(parseSessionView(data)).toBeNull();
      expect(parseSessionView({ state: "guest", id: "i", epoch: "e", idleIn: 1, expiresIn: 1, data })?.state).toBe("guest");
    }
    for (const long of longTexts(4 * MB)) {
      expect(parseSessionView(long)).toBeNull();
      expect(parseSessionView({ state: long, ended: long })).toBeNull();
      expect(parseProblemType(`urn:holdfast:problem:${long}`)).toBeUndefined();
    }
  });
});

function parseOr(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
