import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { endedBody, readBody, writeBody, type SessionRecord } from "../src/lib/record.ts";
import { beginChain } from "../src/lib/token/ratchet.ts";

const { chain } = beginChain(3, 1000);
const record: SessionRecord = {
  chain,
  pending: { ...beginChain(4, 2000).chain, acr: "x", amr: ["pwd"], authenticatedAt: 2000, startedAt: 2000, marks: { ip: "b" } },
  subject: "ada",
  startedAt: 1000,
  authenticatedAt: 1000,
  acr: undefined,
  amr: [],
  device: "phone",
  remember: true,
  lapsed: false,
  marks: { ip: "a", userAgent: "c" },
  data: { cart: ["é", "\u2028"], __proto__x: 1 },
  dataVersion: 1,
  writes: ["w2", "w1"],
};

describe("record", () => {
  it("reads back what it wrote, also a tombstone", () => {
    expect(readBody(writeBody(record))).toEqual({ kind: "live", record });
    expect(readBody(writeBody({ ...record, pending: undefined, subject: undefined }))).toEqual({ kind: "live", record: { ...record, pending: undefined, subject: undefined } });
    expect(readBody(endedBody("reuse"))).toEqual({ kind: "ended", reason: "reuse" });
    const left = { data: { cart: ["rope"] }, dataVersion: 3 };
    expect(readBody(endedBody("replaced", left))).toEqual({ kind: "ended", reason: "replaced", left });
  });

  it("of a sign-in takes at most 160 bytes beside what the application gave", () => {
    const { chain } = beginChain(224, Date.UTC(2026, 0, 1));
    const given = { subject: "ada", data: { cart: ["rope"] } };
    const fresh = { ...record, ...given, chain, pending: undefined, startedAt: chain.promotedAt, authenticatedAt: chain.promotedAt, device: undefined, marks: undefined, remember: false, writes: [] };
    expect(writeBody(fresh).length - JSON.stringify({ s: given.subject, d: given.data }).length).toBeLessThanOrEqual(160);
  });

  it("any other text is null, without throwing", () => {
    fc.assert(fc.property(fc.oneof(fc.string(), fc.json(), fc.constantFrom("null", "[]", '{"v":1}', '{"v":0}', '{"v":"2"}', '{"v":1,"ended":"x"}')), (text) => void expect(readBody(text)).toBeNull()));
    expect(readBody('{"v":2,"anything":"at all"}')).toEqual({ kind: "newer" });
    const body = writeBody(record);
    fc.assert(fc.property(fc.nat({ max: body.length - 1 }), (cut) => void expect(readBody(body.slice(0, cut))).toBeNull()));
  });
});
