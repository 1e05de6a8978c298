import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fromBase64url, toBase64url } from "../../src/lib/bytes.ts";
import type { SessionId } from "../../src/lib/port.ts";
import { type Credential, createDecode, decodeCredential, encodeCredential } from "../../src/lib/token/credential.ts";
import { createKeyRing } from "../../src/lib/token/key-ring.ts";
import { createCookieTransport } from "../../src/lib/transport/cookie.ts";
import { readSource } from "../../src/lib/transport/source.ts";
import { KEYS, keyOf, world } from "../support.ts";
import { damaged, hostileText, KB, longTexts, looksOf, MB, SIZES } from "./hostile.ts";
import { family, must } from "./inputs.ts";

const ring = createKeyRing({ ...KEYS, keys: [...KEYS.keys, keyOf(8, "retired"), keyOf(9, "next")] }, "default");
const base64url = fc.constantFrom(..."ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_");

const credentials: fc.Arbitrary<Omit<Credential, "hash">> = fc.record({
  id: fc.uint8Array({ minLength: 18, maxLength: 18 }).map((bytes) => toBase64url(bytes) as SessionId),
  chain: fc.integer({ min: 0, max: 255 }),
  step: fc.integer({ min: 0, max: 65_535 }),
  secret: fc.uint8Array({ minLength: 32, maxLength: 32 }),
});
const tokens = credentials.map((credential) => encodeCredential(credential, ring, "cookie"));

describe("base64url", () => {
  const each = family("base64url");

  it("[B09] round-trips any bytes as the platform does, in cookie-octets only", () =>
    each(0.3, fc.uint8Array({ maxLength: 200 }), (bytes) => {
      const text = toBase64url(bytes);
      must(text === Buffer.from(bytes).toString("base64url"), "differs from the platform");
      must(/^[A-Za-z0-9_-]*$/.test(text), "not the alphabet");
      must(Buffer.compare(fromBase64url(text) ?? Buffer.of(0), bytes) === 0, "does not read back");
    }));

  it("[A05] knows one spelling per value: what it reads it would write", () =>
    each(0.7, fc.oneof(hostileText(), fc.string({ unit: base64url, maxLength: 60 }), damaged(fc.uint8Array({ maxLength: 60 }).map(toBase64url)).map(({ text }) => text)), (text) => {
      const bytes = fromBase64url(text);
      must(bytes === null ? Buffer.from(text, "base64url").toString("base64url") !== text : toBase64url(bytes) === text, "two spellings, or a value that was not read");
    }));

  it("[B16] looks at each character once, and at none after the first bad one", () => {
    for (const size of SIZES) {
      expect(looksOf(fromBase64url, "A".repeat(size))).toBe(size);
      expect(looksOf(fromBase64url, `A=${"A".repeat(size - 2)}`)).toBe(2);
    }
  });
});

describe("credential", () => {
  const each = family("credential");

  it("[B09] reads back what was written, in cookie-octets and over its own transport only", () =>
    each(0.1, credentials, (credential) => {
      const text = encodeCredential(credential, ring, "bearer");
      must(/^[\w-]{96}$/.test(text), "not cookie-octets");
      const decoded = decodeCredential(text, ring, "bearer");
      must(decoded.kind === "authentic", decoded.kind);
      if (decoded.kind !== "authentic") return;
      const { id, chain, step, secret } = decoded.credential;
      must(id === credential.id && chain === credential.chain && step === credential.step && Buffer.compare(secret, credential.secret) === 0, "other content");
      must(decodeCredential(text, ring, "cookie").kind === "forged", "crosses over to the other transport");
    }));

  it("[A05] a damaged one never authenticates, and never throws", () =>
    each(0.4, damaged(tokens), ({ text }) => {
      const { kind } = decodeCredential(text, ring, "cookie");
      must(kind !== "authentic", "authenticated");
      must((kind === "malformed") === (text.length !== 96 || !/^[\w-]*$/.test(text)), kind);
    }));

  it("[A05] one changed bit is a forgery, or a key or version that nobody knows", () =>
    each(0.2, fc.tuple(credentials, fc.nat({ max: 72 * 8 - 1 })), ([credential, bit]) => {
      const bytes = Buffer.from(encodeCredential(credential, ring, "cookie"), "base64url");
      bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      const { kind } = decodeCredential(bytes.toString("base64url"), ring, "cookie");
      const header = bit >> 3 >= 18 && bit >> 3 <= 20;
      must(kind === "forged" || (header && kind === "indeterminate"), kind);
    }));

  it("[A05] any other text is malformed, forged or of an unknown key", () =>
    each(0.2, fc.oneof(hostileText(), fc.string({ unit: base64url, minLength: 96, maxLength: 96 }), fc.string({ unit: "binary", minLength: 96, maxLength: 96 })), (text) => {
      const { kind } = decodeCredential(text, ring, "cookie");
      must(kind !== "authentic", "authenticated");
      must(kind === "malformed" || (text.length === 96 && /^[\w-]{96}$/.test(text)), kind);
    }));

  it("[A04] [A05] no bad credential, in a cookie or a bearer header, reaches the store or becomes a session", async () => {
    const { sessions, store, events } = world();
    const { names } = createCookieTransport();
    const headers = (fields: Readonly<Record<string, string>>): Headers => Object.setPrototypeOf({ get: (name: string) => fields[name] ?? null }, Headers.prototype) as Headers;
    const bad = fc.oneof(damaged(tokens), hostileText().map((text) => ({ valid: undefined, text })));
    await each(0.1, fc.tuple(bad, fc.constantFrom(...names), fc.boolean()), ([{ valid, text }, name, bearer]) => {
      // White space around it and other cookies after it are no damage.
      if (text.split(";")[0]?.trim() === valid) return;
      const session = sessions.prepare(headers(bearer ? { authorization: `Bearer ${text}` } : { cookie: `${name}=${text}` }));
      must(session.state.kind === "none", session.state.kind);
    });
    expect(store.calls).toEqual([]);
    expect(new Set(events.map(({ type }) => type))).toEqual(new Set(["credential_rejected", "credential_indeterminate"]));
  });

  it("[B16] the work does not grow with the text: another length than 96 is not looked at", () => {
    for (const size of [0, 95, 97, ...SIZES]) expect(looksOf((text) => decodeCredential(text, ring, "cookie"), "A".repeat(size))).toBe(0);
    const cookies = createCookieTransport();
    for (const text of longTexts(64 * KB)) expect(readSource(text, {}, createDecode(ring, Date.now), cookies).presented).toEqual([]);
    for (const text of longTexts(4 * MB)) expect(readSource(text, {}, createDecode(ring, Date.now), cookies).presented).toEqual([]);
  });
});
