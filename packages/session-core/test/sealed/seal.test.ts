import { createCipheriv, createHash, hkdfSync } from "node:crypto";
import { compactDecrypt, CompactEncrypt, EncryptJWT, jwtDecrypt } from "jose";
import { describe, expect, it, vi } from "vitest";
import { platformAesGcm, webAesGcm } from "../../src/lib/encrypted/aes-gcm.ts";
import { writeHeader } from "../../src/lib/sealed/protected-header.ts";
import { dayOf } from "../../src/lib/sealed/seal-keys.ts";
import tokens from "../fixtures/jose-tokens.json" with { type: "json" };
import vectors from "../fixtures/aes-256-gcm.json" with { type: "json" };
import { KEYS, keyOf, testClock } from "../support.ts";
import { NAME, sealOf } from "./support.ts";

const now = testClock().now();
const DAY = dayOf(now);
/** As the README says it, with nothing of ours. */
const keyFor = (secret: string, day = DAY, realm = "default"): Uint8Array => new Uint8Array(hkdfSync("sha256", Buffer.from(secret, "base64url"), "", `holdfast/1/seal/${realm}/${day}`, 32));
const KEY = keyFor(KEYS.keys[0]?.secret ?? "");
const HEADER = { alg: "dir", enc: "A256GCM", typ: "session+jwt", kid: `7.${DAY}`, cookie: NAME };
const base64url = (value: unknown): string => Buffer.from(typeof value === "string" ? value : JSON.stringify(value)).toString("base64url");
const engines = { node: platformAesGcm(), web: webAesGcm(crypto) };

/** A token with any header, honestly encrypted under the right key. */
function honest(header: unknown, text = "{}"): string {
  const head = base64url(header);
  const iv = Buffer.alloc(12, 3);
  const cipher = createCipheriv("aes-256-gcm", KEY, iv).setAAD(Buffer.from(head));
  const body = Buffer.concat([cipher.update(text), cipher.final()]);
  return [head, "", iv.toString("base64url"), body.toString("base64url"), cipher.getAuthTag().toString("base64url")].join(".");
}

for (const [name, aes] of Object.entries(engines)) {
  describe(`a seal by ${name}`, () => {
    const seal = sealOf({ aes });

    it("[G03] [G04] [G08] is a JWE that jose opens with the derived key, and opens what jose sealed", async () => {
      const sealed = await seal.seal('{"hello":"wörld"}', NAME);
      const { plaintext, protectedHeader } = await compactDecrypt(sealed, KEY);
      expect(new TextDecoder().decode(plaintext)).toBe('{"hello":"wörld"}');
      expect(protectedHeader).toEqual(HEADER);
      const theirs = await new CompactEncrypt(new TextEncoder().encode("from jose")).setProtectedHeader(HEADER).encrypt(KEY);
      expect(await seal.unseal(theirs, NAME)).toMatchObject({ kind: "open", text: "from jose" });
      const exp = Math.floor(Date.now() / 1000) + 60;
      expect((await jwtDecrypt(await seal.seal(JSON.stringify({ exp, sub: "ada" }), NAME), KEY)).payload).toEqual({ exp, sub: "ada" });
      await expect(jwtDecrypt(await seal.seal(JSON.stringify({ exp: exp - 120 }), NAME), KEY)).rejects.toThrow('"exp" claim');
      expect(await seal.unseal(await new EncryptJWT({ sub: "ada" }).setProtectedHeader(HEADER).encrypt(KEY), NAME)).toMatchObject({ kind: "open", text: '{"sub":"ada"}' });
    });

    it("[G04] any other character anywhere gives no session, and never throws", async () => {
      const sealed = await seal.seal('{"a":1}', NAME);
      expect(await seal.unseal(sealed, NAME)).toMatchObject({ kind: "open" });
      for (let at = 0; at < sealed.length; at++) {
        for (const other of [String.fromCharCode(sealed.charCodeAt(at) ^ 1), "", "~", "A", "B", "."]) {
          const text = sealed.slice(0, at) + other + sealed.slice(at + 1);
          // Of the key id alone a change names another key, which this server does not have.
          if (text !== sealed) expect((await seal.unseal(text, NAME)).kind, `${other} at ${at}`).toMatch(/^(?:malformed|forged|indeterminate)$/);
        }
      }
    });

    it("[G08] in another cookie, of another realm or key it is no session", async () => {
      const sealed = await seal.seal("{}", NAME);
      expect(await seal.unseal(sealed, "__Host-sid-b")).toEqual({ kind: "forged" });
      expect(await sealOf({ aes, realm: "admin" }).unseal(sealed, NAME)).toEqual({ kind: "forged" });
      expect(await sealOf({ aes, keys: { ...KEYS, keys: [{ ...keyOf(9, "active"), id: 7 }] } }).unseal(sealed, NAME)).toEqual({ kind: "forged" });
      expect(await sealOf({ aes, keys: { ...KEYS, keys: [keyOf(9, "active")] } }).unseal(sealed, NAME)).toEqual({ kind: "indeterminate", keyId: 7 });
    });

    it("[G05] every seal has an IV of its own, also with the same text, and each day a key", async () => {
      const ivs = await Promise.all(Array.from({ length: 700 }, async () => (await seal.seal("{}", NAME)).split(".")[2]));
      expect(new Set(ivs).size).toBe(700);
      const clock = testClock();
      const daily = sealOf({ aes, now: clock.now });
      const first = await daily.seal("{}", NAME);
      clock.advance(86_400_000);
      const second = await daily.seal("{}", NAME);
      expect((await compactDecrypt(second, keyFor(KEYS.keys[0]?.secret ?? "", DAY + 1))).protectedHeader.kid).toBe(`7.${DAY + 1}`);
      await expect(compactDecrypt(second, KEY)).rejects.toThrow("decryption");
      expect(await daily.unseal(first, NAME)).toMatchObject({ kind: "open" });
      // No session is as old as that, and none was sealed the day after tomorrow.
      clock.advance(402 * 86_400_000);
      expect(await daily.unseal(first, NAME)).toEqual({ kind: "forged" });
      clock.set(now - 2 * 86_400_000);
      expect(await daily.unseal(first, NAME)).toEqual({ kind: "forged" });
    });

    it("opens what the other engine sealed", async () => {
      for (const other of Object.values(engines)) expect(await seal.unseal(await sealOf({ aes: other }).seal("{}", NAME), NAME)).toMatchObject({ kind: "open", text: "{}" });
    });

    it("[F01] [F02] [F03] [F05] [F16] [F18] [G06] [G07] refuses every header but its own, under the right key, before any cryptography", async () => {
      expect(await seal.unseal(honest(HEADER), NAME)).toMatchObject({ kind: "open" });
      const open = vi.spyOn(aes, "openText");
      const { kid, cookie, ...rest } = HEADER;
      const others = [
        { ...HEADER, alg: "none" }, { ...HEADER, alg: "DIR" }, { ...HEADER, alg: "A256GCMKW" }, { ...HEADER, alg: "PBES2-HS256+A128KW", p2c: 1_000_000_000, p2s: "AAAA" }, { ...HEADER, alg: "ECDH-ES", epk: {} },
        { ...HEADER, enc: "A128GCM" }, { ...HEADER, enc: "A256CBC-HS512" }, { ...HEADER, enc: "a256gcm" }, { ...HEADER, enc: undefined },
        { ...HEADER, zip: "DEF" }, { ...HEADER, crit: ["exp"] }, { ...HEADER, crit: [] }, { ...HEADER, jwk: { kty: "oct", k: "AA" } }, { ...HEADER, jku: "https://evil.test" }, { ...HEADER, x5u: "https://evil.test" }, { ...HEADER, x5c: [] },
        { ...HEADER, typ: "at+jwt" }, { ...HEADER, typ: "JWT" }, { ...HEADER, cty: "JWT" }, { ...rest, cookie, kid }, { ...rest, kid }, { ...rest, cookie },
        { ...HEADER, kid: 7 }, { ...HEADER, kid: "7" }, { ...HEADER, kid: `07.${DAY}` }, { ...HEADER, kid: `7.${DAY} ` }, { ...HEADER, kid: `99999999.${DAY}` }, { ...HEADER, kid: "../../etc" }, { ...HEADER, kid: ["7"] }, { ...HEADER, cookie: 1 }, { ...HEADER, cookie: "x".repeat(600) },
        null, [], "dir", 1, `${JSON.stringify(HEADER)} `, ` ${JSON.stringify(HEADER)}`, JSON.stringify(HEADER).replace("{", '{"alg":"none",'), "{", "\u0000",
      ];
      for (const header of others) expect(await seal.unseal(honest(header), NAME), JSON.stringify(header)).toEqual({ kind: "malformed" });
      const [head, , iv, body, tag] = honest(HEADER).split(".");
      for (const text of ["", ".", "....", `${head}.${iv}.${body}.${tag}`, `${head}.AA.${iv}.${body}.${tag}`, `${head}..${iv}.${body}`, `${head}..${iv}.${body}.${tag}.`, `${head}=..${iv}.${body}.${tag}`, JSON.stringify({ protected: head, iv, ciphertext: body, tag }), `${honest(HEADER)}\n`, "a.b.c", "x".repeat(40_000), `${head}..${iv}.${"A".repeat(36_000)}.${tag}`]) {
        expect((await seal.unseal(text, NAME)).kind, text.slice(0, 80)).toBe("malformed");
      }
      expect(open).not.toHaveBeenCalled();
      // A second dot in the ciphertext is found by the decoder; a truncated tag does not get its length.
      expect(await seal.unseal(`${head}..${iv}.${body}.AA.${tag}`, NAME)).toEqual({ kind: "forged" });
      expect((await seal.unseal(`${head}..${iv}.${body}.${tag?.slice(0, 20)}`, NAME)).kind).toBe("malformed");
      open.mockRestore();
    });

    it("[F02] [F17] refuses all 222 public JOSE tokens, valid or not: none is `dir` with A256GCM and this header", async () => {
      expect(tokens.tokens).toHaveLength(222);
      for (const token of tokens.tokens) expect(await seal.unseal(token, NAME)).toEqual({ kind: "malformed" });
    });

    it("[G04] agrees with the public AES-256-GCM vectors in base64url: 39 open, 27 do not", async () => {
      const counts = { open: 0, shut: 0 };
      for (const { key, iv, aad, msg, ct, tag, result } of vectors.tests) {
        const bytes = (hex: string): Buffer => Buffer.from(hex, "hex");
        const [ivText, body, tagText] = [iv, ct, tag].map((hex) => bytes(hex).toString("base64url"));
        const opened = await aes.openText(await aes.load(bytes(key)), { iv: ivText ?? "", body: body ?? "", tag: tagText ?? "" }, bytes(aad));
        expect(opened).toBe(result === "valid" ? bytes(msg).toString() : null);
        counts[opened === null ? "shut" : "open"]++;
      }
      expect(counts).toEqual({ open: 39, shut: 27 });
    });
  });
}

it("takes exactly one WebCrypto call per direction, once the key of the day is there", async () => {
  const calls: string[] = [];
  const subtle = new Proxy(crypto.subtle, {
    get: (target, name) => {
      const value: unknown = Reflect.get(target, name);
      return typeof value === "function" ? (...args: unknown[]) => (calls.push(String(name)), Reflect.apply(value, target, args)) : value;
    },
  });
  const seal = sealOf({ aes: webAesGcm({ subtle }) });
  await seal.seal("{}", NAME);
  expect(calls.splice(0)).toEqual(["importKey", "encrypt"]);
  for (const name of [NAME, "__Host-sid-b"]) {
    const sealed = await seal.seal("{}", name);
    expect(calls.splice(0)).toEqual(["encrypt"]);
    expect(await seal.unseal(sealed, name)).toMatchObject({ kind: "open" });
    expect(calls.splice(0)).toEqual(["decrypt"]);
    await seal.unseal(`${sealed.slice(0, -3)}AAA`, name);
    expect(calls.splice(0).length).toBeLessThanOrEqual(1);
  }
  await seal.unseal("forged", NAME);
  expect(calls).toEqual([]);
});

it("[G03] the key is one of its own: none of the other purposes gives it", () => {
  const secret = Buffer.from(KEYS.keys[0]?.secret ?? "", "base64url");
  const others = ["tag/default/cookie", "tag/default/bearer", "body/default", "ended/default", "csrf/default", `seal/default/${DAY + 1}`, `seal/other/${DAY}`].map((purpose) => Buffer.from(hkdfSync("sha256", secret, "", `holdfast/1/${purpose}`, 32)).toString("hex"));
  expect(new Set([...others, Buffer.from(KEY).toString("hex"), createHash("sha256").update(secret).digest("hex")]).size).toBe(9);
});

it("a header is as long as it must be", () => expect(writeHeader(65_535, DAY, NAME).text.length).toBeLessThanOrEqual(136));
