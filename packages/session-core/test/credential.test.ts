import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fromBase64url, randomBytes, toBase64url } from "../src/lib/bytes.ts";
import { chainAfter, decodeCredential, encodeCredential, GUEST_CHAIN, isLaterChain, newSessionId } from "../src/lib/token/credential.ts";
import { createKeyRing, generateKeys } from "../src/lib/token/key-ring.ts";
import { createCookieTransport } from "../src/lib/transport/cookie.ts";
import { KEYS, keyOf } from "./support.ts";

const ring = createKeyRing(KEYS, "default");
const credential = { id: newSessionId(ring.partition("ada")), chain: 3, step: 515, secret: randomBytes(32) };
const token = encodeCredential(credential, ring, "cookie");

describe("base64url", () => {
  it("round-trips any bytes and agrees with the platform", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
        const text = toBase64url(bytes);
        expect(text).toBe(Buffer.from(bytes).toString("base64url"));
        expect(fromBase64url(text)).toEqual(bytes);
      }),
    );
  });

  it("accepts one spelling only", () => {
    expect(fromBase64url("AB")).toBeNull(); // spare bits
    expect(fromBase64url("AA==")).toBeNull();
    expect(fromBase64url("A+/A")).toBeNull();
    expect(fromBase64url("AAAAA")).toBeNull();
    expect(fromBase64url("AA\u0141A")).toBeNull();
  });
});

describe("credential", () => {
  it("is 96 characters and reads back", () => {
    expect(token).toHaveLength(96);
    expect(decodeCredential(token, ring, "cookie")).toMatchObject({ kind: "authentic", credential });
    expect(token.startsWith(credential.id)).toBe(true);
  });

  it("[A05] refuses one changed character at each position, without throwing", () => {
    for (let at = 0; at < token.length; at++) {
      for (const other of ["A", "_", "!", "\u0000", "é"]) {
        if (token[at] === other) continue;
        const decoded = decodeCredential(token.slice(0, at) + other + token.slice(at + 1), ring, "cookie");
        expect(decoded.kind).not.toBe("authentic");
      }
    }
  });

  it("[A05] takes any text without throwing, and finds nothing authentic in it", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ maxLength: 200 }), fc.string({ unit: "binary", minLength: 96, maxLength: 96 }), fc.base64String({ minLength: 96, maxLength: 96 })), (text) => {
        expect(decodeCredential(text, ring, "cookie").kind).not.toBe("authentic");
      }),
    );
  });

  it("[A01] secrets are 32 bytes of the platform's CSPRNG, never repeated, every bit about half the time", () => {
    const seen = new Set<string>();
    const ones = new Uint32Array(256);
    const rounds = 20_000;
    for (let i = 0; i < rounds; i++) {
      const secret = randomBytes(32);
      seen.add(toBase64url(secret));
      for (let bit = 0; bit < 256; bit++) ones[bit] = (ones[bit] ?? 0) + (((secret[bit >> 3] ?? 0) >> (bit & 7)) & 1);
    }
    expect(seen.size).toBe(rounds);
    // 7 standard deviations of a fair coin over 20,000 tosses are 495: of 256 fair ones one is further away in a run of a billion.
    for (const count of ones) expect(Math.abs(count - rounds / 2)).toBeLessThan(495);
  });

  it("[A03] shows neither the subject nor a time: equal subjects share only a keyed partition", () => {
    // Long enough for no chance to write it.
    const subject = "ada lovelace";
    const bytes = Buffer.from(encodeCredential({ ...credential, id: newSessionId(ring.partition(subject)) }, ring, "cookie"), "base64url").toString("latin1");
    expect(bytes).not.toContain(subject);
    const other = createKeyRing(generateKeys(), "default");
    expect(other.partition("ada")).not.toBe(ring.partition("ada"));
    expect(newSessionId(ring.partition("ada")).slice(0, 12)).toBe(credential.id.slice(0, 12));
  });

  it("is bound to transport, realm and key", () => {
    expect(decodeCredential(token, ring, "bearer").kind).toBe("forged");
    expect(decodeCredential(token, createKeyRing(KEYS, "other"), "cookie").kind).toBe("forged");
    const foreign = createKeyRing({ ...KEYS, keys: [keyOf(9, "active")] }, "default");
    expect(decodeCredential(token, foreign, "cookie")).toEqual({ kind: "indeterminate", keyId: 7, chain: expect.any(Number) });
    const sameId = createKeyRing({ ...KEYS, keys: [keyOf(7, "active")] }, "default");
    expect(decodeCredential(token, sameId, "cookie").kind).toBe("forged");
  });

  it("orders chains as serial numbers, the guest's before all others", () => {
    for (let chain = 1; chain <= 224; chain++) {
      expect(isLaterChain(chain, GUEST_CHAIN)).toBe(true);
      expect(isLaterChain(GUEST_CHAIN, chain)).toBe(false);
      expect(isLaterChain(chain, chain)).toBe(false);
      for (const by of [1, 2, 50, 111]) {
        expect(isLaterChain(chainAfter(chain, by), chain)).toBe(true);
        expect(isLaterChain(chain, chainAfter(chain, by))).toBe(false);
      }
    }
  });

  it("a chain and the thirty-one after it have cookies of their own, also where the count begins again, and guests another", () => {
    const { nameOf } = createCookieTransport();
    for (let chain = 1; chain <= 224; chain++) {
      const names = [GUEST_CHAIN, chain, ...Array.from({ length: 31 }, (_, i) => chainAfter(chain, i + 1))].map(nameOf);
      expect(new Set(names).size).toBe(33);
    }
  });
});

describe("key ring", () => {
  const code = (file: unknown): string => {
    try {
      createKeyRing(file as never, "default");
      return "accepted";
    } catch (error) {
      return `${(error as { code: string }).code} ${(error as { option: string }).option}`;
    }
  };

  it("refuses what would not be safe, naming the entry", () => {
    expect(code({ ...KEYS, keys: [] })).toBe("config keys");
    expect(code({ ...KEYS, keys: [keyOf(1, "active"), keyOf(1, "next")] })).toBe("config keys[id 1]");
    expect(code({ ...KEYS, keys: [keyOf(1, "active"), keyOf(2, "active")] })).toBe("config keys[id 2]");
    expect(code({ ...KEYS, keys: [{ ...keyOf(1, "active"), secret: "c2hvcnQ" }] })).toBe("config keys[id 1].secret");
    expect(code({ ...KEYS, keys: [{ ...keyOf(1, "active"), secret: KEYS.subjectKey }] })).toBe("config keys[id 1].secret");
    expect(code({ ...KEYS, keys: [{ ...keyOf(1, "active"), id: 65_536 }] })).toBe("config keys.id");
    expect(code({ ...KEYS, subjectKey: "short" })).toBe("config keys.subjectKey");
  });

  it("[G11] messages carry no key material", () => {
    for (const secret of ["c2hvcnQ", `${KEYS.subjectKey}=`]) {
      try {
        createKeyRing({ ...KEYS, keys: [{ ...keyOf(1, "active"), secret }] }, "default");
        expect.unreachable();
      } catch (error) {
        expect(String(error) + JSON.stringify(error)).not.toContain(secret);
      }
    }
  });

  it("[G03] derives a key of its own for every purpose", () => {
    const message = new Uint8Array(8);
    const tags = [ring.active.tag("cookie")(message), ring.active.tag("bearer")(message), createKeyRing(KEYS, "r2").active.tag("cookie")(message)].map(toBase64url);
    expect(new Set(tags).size).toBe(3);
  });
});
