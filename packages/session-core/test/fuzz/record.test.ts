import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { toBase64url } from "../../src/lib/bytes.ts";
import { type Body, readBody, type SessionRecord, writeBody } from "../../src/lib/record.ts";
import { hashSecret, newSessionId } from "../../src/lib/token/credential.ts";
import { beginChain, type Chain, judge } from "../../src/lib/token/ratchet.ts";
import { damaged, deepJson, FRAGMENTS, hostileText, KB, longTexts, MB, OURS } from "./hostile.ts";
import { family, must } from "./inputs.ts";

const time = fc.integer({ min: 0, max: 4e12 });
const text = fc.oneof(fc.constantFrom(...FRAGMENTS, ...OURS), fc.string({ unit: "binary", maxLength: 20 }), fc.constant("\ud800"));
const optional = <T>(values: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(values, { nil: undefined, freq: 2 });
const bytes = (length: number): fc.Arbitrary<Uint8Array> => fc.uint8Array({ minLength: length, maxLength: length });
const chains: fc.Arbitrary<Chain> = fc.record({
  chain: fc.integer({ min: 0, max: 255 }),
  chainKey: bytes(16).map(toBase64url),
  step: fc.integer({ min: 0, max: 65_535 }),
  hash: bytes(32).map(toBase64url),
  nextHash: bytes(32).map(toBase64url),
  promotedAt: time,
  promotedBefore: time,
});
const marks = fc.dictionary(fc.constantFrom("ua", "ip", "x"), text, { maxKeys: 2 });
const rights = { acr: optional(text), amr: fc.array(text, { maxLength: 3 }), authenticatedAt: time, marks: optional(marks) };
const pending = fc.tuple(chains, fc.record({ ...rights, startedAt: time })).map(([chain, more]) => ({ ...chain, ...more }));
const records: fc.Arbitrary<SessionRecord> = fc.record({
  chain: chains,
  pending: optional(pending),
  subject: optional(text.filter((name) => name !== "")),
  startedAt: time,
  ...rights,
  device: optional(text),
  data: fc.oneof(fc.jsonValue({ maxDepth: 3, stringUnit: "binary" }), fc.dictionary(text, text, { maxKeys: 3 })),
  dataVersion: fc.integer({ min: 0, max: 9 }),
  remember: fc.boolean(),
  lapsed: fc.boolean(),
  writes: fc.array(text, { maxLength: 3 }),
});

/** Anything JSON can say, with the numbers and names that parsers trip over. */
const value: fc.Arbitrary<unknown> = fc.oneof(fc.jsonValue({ maxDepth: 2 }), fc.constantFrom(null, true, "", 0, -1, 1.5, 1e300, 2 ** 53, [], {}, [[]], "AA==", "__proto__", { length: 1 }), text);

/** Our body with one member, on any level, gone or replaced. */
const patched = fc.tuple(records, fc.nat(), fc.option(value, { nil: undefined })).map(([record, which, replacement]) => {
  const json = JSON.parse(writeBody(record)) as Record<string, unknown>;
  const places = [json, json["r"], json["e"]].filter((place) => typeof place === "object" && place !== null) as Record<string, unknown>[];
  const all = places.flatMap((place) => [...Object.keys(place), "e", "s", "ac", "dl", "st", "sg", "rm", "w", "ended"].map((key) => ({ place, key })));
  const target = all[which % all.length];
  if (target) {
    if (replacement === undefined) delete target.place[target.key];
    else target.place[target.key] = replacement;
  }
  return JSON.stringify(json);
});

const isText = (given: unknown): boolean => typeof given === "string";
const isNumber = (given: unknown): boolean => typeof given === "number" && Number.isFinite(given);
const absentOr = (check: (given: unknown) => boolean) => (given: unknown): boolean => given === undefined || check(given);
const isTexts = (given: unknown): boolean => Array.isArray(given) && given.every(isText);
const isChain = ({ chain, chainKey, step, hash, nextHash, promotedAt, promotedBefore }: Chain): boolean =>
  [chain, step, promotedAt, promotedBefore].every(isNumber) && [chainKey, hash, nextHash].every(isText);

// Not the marks: damaged ones are as good as none, and the signals say so themselves.
const hasRights = ({ acr, amr, authenticatedAt }: Pick<SessionRecord, "acr" | "amr" | "authenticatedAt">): boolean => absentOr(isText)(acr) && isTexts(amr) && isNumber(authenticatedAt);

/** A body that is believed is one through and through: every member has the type that the engine counts on. */
function isWhole(body: Body): boolean {
  if (body.kind === "newer") return true;
  if (body.kind === "ended") return isText(body.reason) && (body.left === undefined || isNumber(body.left.dataVersion));
  const { chain, pending: next, subject, startedAt, device, dataVersion, remember, lapsed, writes } = body.record;
  const chainsFit = isChain(chain) && (next === undefined || (isChain(next) && isNumber(next.startedAt) && hasRights(next)));
  return chainsFit && [subject, device].every(absentOr(isText)) && subject !== "" && isNumber(startedAt) && hasRights(body.record) && isNumber(dataVersion) && typeof remember === "boolean" && typeof lapsed === "boolean" && Array.isArray(writes);
}

const REASONS: readonly unknown[] = ["idle", "absolute", "revoked", "reuse", "logout", "replaced"];
const isNewer = (body: string): boolean => {
  const { v } = JSON.parse(body) as { v?: unknown };
  return Number.isSafeInteger(v) && Number(v) > 1;
};
const secret = new Uint8Array(32).fill(9);
const foreign = { id: newSessionId(), chain: 0, step: 0, secret, hash: hashSecret(secret) };
const refuses = (body: Body | null): boolean =>
  body?.kind !== "live" || [body.record.chain, ...(body.record.pending ? [body.record.pending] : [])].every((chain) => !["current", "successor", "predecessor"].includes(judge(chain, foreign, 0, 60_000).kind));

describe("record", () => {
  const each = family("record");

  it("reads back what it wrote, whatever the application's data and names are", () =>
    each(0.3, records, (record) => {
      const text = writeBody(record);
      // V8 of Node 24.21 takes a member whose name begins with an escape for one named "\\", once it has seen such a one: no matter of ours.
      if (JSON.stringify(JSON.parse(text)) !== text) return;
      const body = readBody(text);
      must(body?.kind === "live", "not read");
      // Compared as it is written again: JSON has no undefined and one zero.
      if (body?.kind === "live") must(writeBody(body.record) === writeBody(record), "differs");
      must(body !== null && isWhole(body) && refuses(body), "not whole, or accepts a foreign secret");
    }));

  it("a damaged body is null, or whole all the same; it never throws and accepts no foreign secret", () =>
    each(0.3, damaged(records.map(writeBody)), ({ text: body }) => {
      const read = readBody(body);
      must(read === null || (isWhole(read) && refuses(read)), "neither null nor whole");
    }));

  it("with one member gone or replaced it is null, or whole all the same", () =>
    each(0.3, patched, (body) => {
      const read = readBody(body);
      must(read === null || (isWhole(read) && refuses(read)), "neither null nor whole");
    }));

  it("any other text and any other JSON is null, but for a later format", () =>
    each(0.1, fc.oneof(hostileText(), fc.json(), value.map((json) => JSON.stringify({ v: 1, r: json })), value.filter((json) => !REASONS.includes(json)).map((json) => JSON.stringify({ v: 1, ended: json, r: 1 }))), (body) => must(readBody(body) === null || isNewer(body), "believed")));

  it("ten thousand levels and four megabytes are read, or null, in one pass", () => {
    const whole = JSON.parse(writeBody({ chain: beginChain(1, 0).chain, pending: undefined, subject: "ada", startedAt: 0, authenticatedAt: 0, acr: undefined, amr: [], device: undefined, marks: undefined, data: {}, dataVersion: 1, remember: false, lapsed: false, writes: [] })) as { d: unknown };
    for (const deep of deepJson()) {
      expect(readBody(deep)).toBeNull();
      const inside = JSON.stringify(whole).replace('"d":{}', () => `"d":${deep}`);
      expect([null, "live"]).toContain(readBody(inside)?.kind ?? null);
    }
    for (const size of [64 * KB, 4 * MB]) {
      for (const long of longTexts(size)) {
        expect(readBody(long)).toBeNull();
        whole.d = long;
        expect(readBody(JSON.stringify(whole))?.kind).toBe("live");
      }
    }
  });
});
