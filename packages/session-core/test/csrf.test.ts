import { createHmac, hkdfSync } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createCsrfTokens } from "../src/csrf.ts";
import { createSessions, type HoldfastError, type KeyRingFile } from "../src/index.ts";
import { createMemoryStore } from "../src/memory.ts";
import { Jar, KEYS, keyOf, request, signedIn, world } from "./support.ts";

const ONE = "AAAAAAAAAAAAAAAAAAAAAAAA";
const OTHER = "BBBBBBBBBBBBBBBBBBBBBBBB";
const tokens = createCsrfTokens({ keys: KEYS });
const ring = (...keys: KeyRingFile["keys"]): KeyRingFile => ({ ...KEYS, keys });

describe("CSRF tokens", () => {
  it("[E08] a token is HMAC-SHA-256 over the length-prefixed session id and random, under a key of its own", () => {
    const token = tokens.issue(ONE);
    expect(token).toMatch(/^[\w-]{67}$/);
    const bytes = Buffer.from(token, "base64url");
    const length = (n: number): Buffer => Buffer.from([0, 0, 0, n]);
    const random = bytes.subarray(2, 18);
    const key = hkdfSync("sha256", Buffer.from(KEYS.keys[0]?.secret ?? "", "base64url"), Buffer.alloc(0), "holdfast/1/csrf/default", 32);
    const mac = createHmac("sha256", Buffer.from(key)).update(Buffer.concat([length(24), Buffer.from(ONE), length(16), random])).digest();
    expect(bytes.readUInt16BE(0)).toBe(7);
    expect(bytes.subarray(18)).toEqual(mac);
  });

  it("[E08] a token of another session, realm or key fails", () => {
    const token = tokens.issue(ONE);
    expect(tokens.verify(ONE, token)).toBe(true);
    expect(tokens.verify(OTHER, token)).toBe(false);
    expect(tokens.verify(ONE.slice(1), token)).toBe(false);
    expect(createCsrfTokens({ keys: KEYS, realm: "other" }).verify(ONE, token)).toBe(false);
    expect(createCsrfTokens({ keys: ring({ ...keyOf(9, "active"), id: 7 }) }).verify(ONE, token)).toBe(false);
    expect(createCsrfTokens({ keys: ring(keyOf(9, "active")) }).verify(ONE, token)).toBe(false);
  });

  it("[E07] 128 bits of it are random, and no two are alike", () => {
    const seen = new Set<string>();
    for (let i = 0; i < 2000; i++) seen.add(Buffer.from(tokens.issue(ONE), "base64url").subarray(2, 18).toString("hex"));
    expect(seen.size).toBe(2000);
    const ones = [...seen].flatMap((hex) => [...BigInt(`0x${hex}`).toString(2)]).filter((bit) => bit === "1").length;
    expect(ones / (2000 * 128)).toBeGreaterThan(0.49);
    expect(ones / (2000 * 128)).toBeLessThan(0.51);
  });

  it("[G01] every key of the ring verifies, only the active one issues", () => {
    const before = createCsrfTokens({ keys: ring(keyOf(1, "active"), keyOf(2, "next")) });
    const after = createCsrfTokens({ keys: ring(keyOf(1, "retired"), keyOf(2, "active")) });
    expect(after.verify(ONE, before.issue(ONE))).toBe(true);
    expect(before.verify(ONE, after.issue(ONE))).toBe(true);
    expect(createCsrfTokens({ keys: ring(keyOf(2, "active")) }).verify(ONE, before.issue(ONE))).toBe(false);
  });

  it("any other text, and any token with one character changed, fails without throwing", () => {
    const token = tokens.issue(ONE);
    for (const bad of [undefined, null, 1, {}, "", token.slice(1), `${token}A`, `${token.slice(0, 66)}=`, "é".repeat(67), "A".repeat(67), "A".repeat(1e6)]) expect(tokens.verify(ONE, bad)).toBe(false);
    fc.assert(
      fc.property(fc.nat(66), fc.constantFrom(..."ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"), (at, char) => {
        fc.pre(token.charAt(at) !== char);
        expect(tokens.verify(ONE, token.slice(0, at) + char + token.slice(at + 1))).toBe(false);
      }),
    );
    fc.assert(fc.property(fc.string(), fc.anything(), (id, any) => !tokens.verify(id, any)));
  });

  it("the session that a browser presents is known before the store is asked, from authentic credentials only", async () => {
    const { sessions, store } = world({ csrf: tokens });
    const jar = await signedIn(sessions);
    const { state } = await request(sessions, jar);
    store.calls.length = 0;
    expect(sessions.prepare(jar.headers()).presentedIds).toEqual(state.kind === "active" && [state.id]);
    expect(sessions.prepare(new Jar().headers()).presentedIds).toEqual([]);
    const [[name = "", value = ""] = []] = jar.cookies;
    expect(sessions.prepare(new Headers({ cookie: `${name}=${value.slice(0, 95)}${value.endsWith("A") ? "B" : "A"}` })).presentedIds).toEqual([]);
    expect(store.calls).toEqual([]);
    expect(sessions.csrf).toBe(tokens);
  });

  it("[B08] SameSite=None is refused until tokens are switched on", () => {
    const make = (csrf?: typeof tokens) => () =>
      createSessions({ store: createMemoryStore(), keys: KEYS, cookie: { sameSite: "none", allowCrossSite: true }, ...(csrf ? { csrf } : {}) });
    expect(make()).toThrow(expect.objectContaining({ code: "config", option: "csrf" } satisfies Partial<HoldfastError>));
    expect(make(tokens)().cookie).toMatchObject({ sameSite: "none", secure: true });
  });

  it("[G11] faults of the keys name no secret", () => {
    const secret = "short-secret";
    expect(() => createCsrfTokens({ keys: ring({ ...keyOf(1, "active"), secret }) })).toThrow(expect.objectContaining({ code: "config", message: expect.not.stringContaining(secret) }));
    expect(() => createCsrfTokens({} as never)).toThrow(expect.objectContaining({ code: "config", option: "keys" }));
  });
});
