import { createPublicKey, generateKeyPairSync, createHmac } from "node:crypto";
import { SignJWT, importJWK } from "jose";
import { describe, expect, it } from "vitest";
import { HoldfastError } from "../../src/index.ts";
import { createMemoryStore } from "../../src/memory.ts";
import { addSigningKey, createDenylist, createTokenVerifier, type JsonWebKeySet, promoteSigningKey, removeSigningKey, type TokenEvent, type TokenVerifierOptions } from "../../src/tokens.ts";
import { HOUR, KEYS, MINUTE, spyStore, testClock } from "../support.ts";
import { activeKey, API, claimsAt, craft, headerOf, issued, ISSUER, issuing, KEYS_ED25519, KEYS_ES256, START } from "./support.ts";

const jwks = issuing().jwks();

function verifying(options: Partial<TokenVerifierOptions> = {}) {
  const clock = testClock(START);
  const events: TokenEvent[] = [];
  const verifier = createTokenVerifier({ issuer: ISSUER, audience: API, keys: jwks, clock, onEvent: (event) => void events.push(event), ...options });
  const outcome = async (token: unknown): Promise<string> => {
    const result = await verifier.verify(token as string);
    return result.outcome === "refused" ? result.reason : result.outcome === "unavailable" ? `unavailable: ${result.why}` : "accepted";
  };
  return { clock, events, verifier, outcome };
}

const key = activeKey(KEYS_ES256);
const header = headerOf();
const without = (object: Record<string, unknown>, name: string): Record<string, unknown> => Object.fromEntries(Object.entries(object).filter(([member]) => member !== name));
const base64url = (text: string): string => Buffer.from(text).toString("base64url");

describe("verifying access tokens", () => {
  it.each([["ES256", KEYS_ES256], ["Ed25519", KEYS_ED25519]] as const)("[F07] takes ours, and those that jose and node:crypto signed, with %s", async (_, keys) => {
    const tokens = issuing({ keys });
    const { outcome, verifier } = verifying({ keys: tokens.jwks() });
    const token = await issued(tokens);
    expect(await verifier.verify(token)).toMatchObject({ outcome: "accepted", claims: { iss: ISSUER, aud: API, sub: "ada", client_id: "web", sid: "handle-of-ada" } });
    const own = activeKey(keys);
    expect(await outcome(craft(headerOf(own), claimsAt(), own))).toBe("accepted");
    const signed = new SignJWT(claimsAt()).setProtectedHeader({ alg: own.alg, kid: own.kid, typ: "at+jwt" });
    expect(await outcome(await signed.sign(await importJWK({ ...own.jwk }, own.alg)))).toBe("accepted");
  });

  it("[F07] knows the type with and without `application/`, in any case, and no other", async () => {
    const { outcome } = verifying();
    for (const typ of ["at+jwt", "AT+JWT", "application/at+jwt", "Application/AT+jwt"]) expect(await outcome(craft({ ...header, typ }, claimsAt())), typ).toBe("accepted");
    for (const typ of ["JWT", "logout+jwt", "id_token", "secevent+jwt", "dpop+jwt", "dbsc+jwt", "text/at+jwt", "application/application/at+jwt", "", null, ["at+jwt"], undefined]) expect(await outcome(craft({ ...header, typ }, claimsAt())), String(typ)).toBe("type");
  });

  it("[F01] [F02] [F03] [F05] [F06] [F16] [F17] [F18] [F20] hostile tokens: each is refused for its own reason", async () => {
    const { outcome, events } = verifying();
    const good = craft(header, claimsAt());
    const [h = "", p = "", s = ""] = good.split(".");
    const mallory = { ...key, jwk: { ...generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey.export({ format: "jwk" }) } as unknown as typeof key.jwk };
    const ed = activeKey(KEYS_ED25519);
    const publicPem = createPublicKey({ key: { ...jwks.keys[0] } as never, format: "jwk" }).export({ type: "spki", format: "pem" }) as string;
    const hmac = (secret: string): string => {
      const input = `${base64url(JSON.stringify({ ...header, alg: "HS256" }))}.${p}`;
      return `${input}.${createHmac("sha256", secret).update(input).digest("base64url")}`;
    };
    const derOf = (raw: string): string => {
      const bytes = Buffer.from(raw, "base64url");
      const integer = (part: Buffer): Buffer => Buffer.concat([Buffer.from([2, 33, 0]), part]);
      return Buffer.concat([Buffer.from([0x30, 70]), integer(bytes.subarray(0, 32)), integer(bytes.subarray(32))]).toString("base64url");
    };
    const withHeader = (more: Record<string, unknown>): string => craft({ ...header, ...more }, claimsAt());
    const table: readonly (readonly [name: string, token: unknown, reason: string])[] = [
      ["none", `${base64url(JSON.stringify({ ...header, alg: "none" }))}.${p}.`, "malformed"],
      ...["none", "None", "nOnE", "NONE", "", "HS256", "ES384", "RS256", "PS256", "EdDSA", "es256", "ES256 ", "__proto__", null, 1, ["ES256"], undefined].map((alg) => [`alg ${String(alg)}`, withHeader({ alg }), "algorithm"] as const),
      ["the public key as the secret of an HMAC", hmac(publicPem), "algorithm"],
      ["its coordinates as the secret", hmac(key.jwk.x), "algorithm"],
      ["an algorithm that is allowed, and not this key's", withHeader({ alg: "Ed25519" }), "key_algorithm"],
      ["a key of its own in the header", craft({ ...header, jwk: { ...mallory.jwk, d: undefined } }, claimsAt(), mallory), "header"],
      ["jku", withHeader({ jku: "https://evil.test/jwks.json" }), "header"],
      ["x5u", withHeader({ x5u: "https://evil.test/cert.pem" }), "header"],
      ["x5c", withHeader({ x5c: ["MII"] }), "header"],
      ["crit, known", withHeader({ crit: ["exp"], exp: 1 }), "header"],
      ["crit, unknown", withHeader({ crit: ["x"], x: 1 }), "header"],
      ["crit, empty", withHeader({ crit: [] }), "header"],
      ["b64", withHeader({ crit: ["b64"], b64: false }), "header"],
      ...["../../../dev/null", "x' OR '1'='1", "k\u0000", "", "__proto__", "constructor", "a".repeat(129), 1, null, ["a"], { a: 1 }, undefined, "https://evil.test/key", "someone-elses"].map((kid) => [`kid ${String(kid).slice(0, 20)}`, withHeader({ kid }), "key"] as const),
      ["another key under our kid", craft(header, claimsAt(), mallory), "signature"],
      ["another algorithm's key under our kid", craft({ ...header, alg: "ES256" }, claimsAt(), ed), "signature"],
      ["r = s = 0", `${h}.${p}.${Buffer.alloc(64).toString("base64url")}`, "signature"],
      ["DER", `${h}.${p}.${derOf(s)}`, "signature"],
      ["no signature", `${h}.${p}.`, "malformed"],
      ["a part too many", `${good}.`, "malformed"],
      ["a JWE", `${good}.${s}.${s}`, "malformed"],
      ["JSON serialization", JSON.stringify({ protected: h, payload: p, signature: s }), "malformed"],
      ["padding", `${good}=`, "malformed"],
      ["a space before", ` ${good}`, "malformed"],
      ["a line break after", `${good}\n`, "malformed"],
      ["Bearer before", `Bearer ${good}`, "malformed"],
      ["plain base64", `${h}.${p}.${s.slice(0, -2)}+/`, "malformed"],
      ["a length that base64url cannot have", `${h}.${p}.${s.slice(0, -1)}`.slice(0, h.length + p.length + 2 + 85), "malformed"],
      ["a header that is no object", craft("[]", claimsAt()), "malformed"],
      ["a header that is no JSON", craft("{", claimsAt()), "malformed"],
      ["a header that is no UTF-8", `${Buffer.from([0x7b, 0xff, 0x7d]).toString("base64url")}.${p}.${s}`, "malformed"],
      ["a payload that is no JSON", craft(header, "x"), "malformed"],
      ["a payload that is a list", craft(header, "[1]"), "malformed"],
      ["an empty payload", craft(header, ""), "malformed"],
      ["another payload", `${h}.${base64url(JSON.stringify(claimsAt(START, { sub: "admin" })))}.${s}`, "signature"],
      ["one that is too long", `${h}.${p}.${s}${"A".repeat(8192)}`, "too_long"],
      ["one of 10 MB", "A".repeat(10_000_000), "too_long"],
      ["", "", "malformed"],
      ["no text", undefined, "malformed"], ["null", null, "malformed"], ["an object", { toString: () => good }, "malformed"], ["a list", [good], "malformed"],
    ];
    for (const [name, token, reason] of table) expect(await outcome(token), name).toBe(reason);
    expect(events.map((event) => event.type === "token_refused" && event.reason)).toEqual(table.map(([, , reason]) => reason));
    for (const { 1: token } of table) if (typeof token === "string" && token.length > 40) expect(JSON.stringify(events)).not.toContain(token.slice(-40));
    expect(await outcome(good)).toBe("accepted");
  });

  it("[F10] [F11] asks for this issuer, character by character, and for this service in `aud`", async () => {
    const { outcome } = verifying({ audience: [API, "https://api2.test"] });
    const by = (more: Record<string, unknown>): Promise<string> => outcome(craft(header, claimsAt(START, more)));
    for (const iss of ["https://app.test/", "https://APP.test", "http://app.test", "https://app.test.evil", "https://app.tes"]) expect(await by({ iss }), iss).toBe("issuer");
    for (const iss of [undefined, "", null, 1, [ISSUER]]) expect(await by({ iss }), String(iss)).toBe("claims");
    for (const aud of ["https://other.test", ["https://other.test"], `${API}/`, "https://api", `${API} https://api2.test`]) expect(await by({ aud }), String(aud)).toBe("audience");
    for (const aud of [undefined, "", null, [], {}, [""], [API, 1], [[API]]]) expect(await by({ aud }), JSON.stringify(aud)).toBe("claims");
    for (const aud of [API, [API], ["x", "https://api2.test"]]) expect(await by({ aud }), String(aud)).toBe("accepted");
  });

  it("[F09] each claim that RFC 9068 requires must be there, and be what it says", async () => {
    const { outcome } = verifying();
    for (const name of ["sub", "client_id", "iat", "exp", "jti"]) {
      expect(await outcome(craft(header, without(claimsAt(), name))), name).toBe("claims");
      for (const value of [null, "", [], {}, true, Number.POSITIVE_INFINITY]) expect(await outcome(craft(header, claimsAt(START, { [name]: value }))), `${name} ${String(value)}`).toBe("claims");
    }
    for (const more of [{ exp: "9999999999" }, { iat: "1" }, { nbf: "1" }, { nbf: null }, { sid: 1 }, { scope: ["a"] }, { amr: "no-mfa" }, { amr: [1] }, { auth_time: "1" }, { cnf: { jkt: "x" } }, { acr: 2 }, { sub: 1 }]) expect(await outcome(craft(header, claimsAt(START, more))), JSON.stringify(more)).toBe("claims");
    expect(await outcome(craft(header, `{"exp":1e999,${JSON.stringify(without(claimsAt(), "exp")).slice(1)}`))).toBe("claims");
  });

  it("[F12] exp, nbf and iat count by the clock, with 5 s for what clocks differ, and never more than a minute", async () => {
    const seconds = START / 1000;
    const at = async (more: Record<string, unknown>, ms: number, options: Partial<TokenVerifierOptions> = {}): Promise<string> => {
      const { clock, outcome } = verifying(options);
      clock.advance(ms);
      return outcome(craft(header, claimsAt(START, more)));
    };
    expect(await at({}, 300_000 + 4999)).toBe("accepted");
    expect(await at({}, 300_000 + 5000)).toBe("expired");
    expect(await at({}, 300_000, { clockTolerance: 0 })).toBe("expired");
    expect(await at({ iat: seconds + 5 }, 0)).toBe("accepted");
    expect(await at({ iat: seconds + 6 }, 0)).toBe("not_yet");
    expect(await at({ nbf: seconds + 6 }, 0)).toBe("not_yet");
    expect(await at({ nbf: seconds + 6 }, 1000)).toBe("accepted");
    expect(await at({}, Number.NaN)).toBe("expired");
    expect(() => verifying({ clockTolerance: 60_001 })).toThrow("clockTolerance");
    expect(await at({}, 300_000 + 59_999, { clockTolerance: 60_000 })).toBe("accepted");
  });

  it("[F02] [F04] [F15] options that cannot be right are refused at construction", async () => {
    const fault = (options: Partial<TokenVerifierOptions>): string => {
      try {
        verifying(options);
        return "none";
      } catch (error) {
        return error instanceof HoldfastError && error.code === "config" ? String(error.option) : String(error);
      }
    };
    const one = jwks.keys[0];
    const short = generateKeyPairSync("rsa", { modulusLength: 1024 }).publicKey.export({ format: "jwk" });
    const cases: readonly (readonly [Partial<Record<keyof TokenVerifierOptions | "extra", unknown>>, string])[] = [
      [{ issuer: "" }, "issuer"], [{ audience: [] }, "audience"], [{ audience: undefined }, "audience"], [{ algorithms: [] }, "algorithms"], [{ algorithms: ["none"] }, "algorithms"], [{ algorithms: ["HS256"] }, "algorithms"],
      [{ maxLength: 0 }, "maxLength"], [{ maxLength: Number.NaN }, "maxLength"], [{ cache: 1 }, "cache"], [{ cache: Number.POSITIVE_INFINITY }, "cache"], [{ extra: 1 }, "extra"],
      [{ keys: undefined }, "keys"], [{ keys: { keys: [] } }, "keys"], [{ keys: { keys: [{ ...one, kid: undefined }] } }, "keys"], [{ keys: { keys: [one, one] } }, "keys"],
      [{ keys: { keys: [one, { kty: "oct", kid: "h", k: "AAAA" }] } }, "keys"], [{ keys: { keys: [{ ...one, d: key.jwk.d }] } }, "keys"],
      [{ keys: { keys: [{ ...one, use: "enc" }] } }, "keys"], [{ keys: { keys: [{ ...one, key_ops: ["sign"] }] } }, "keys"], [{ keys: { keys: [{ ...one, alg: "ES384" }] } }, "keys"],
      [{ keys: { keys: [{ ...short, kid: "short" }] } }, "keys"], [{ keys: { keys: Array.from({ length: 101 }, () => one) } }, "keys"],
    ];
    for (const [options, option] of cases) expect(fault(options as never), JSON.stringify(options)?.slice(0, 120)).toBe(option);
  });

  it("[F15] RSA only by choice, with 2048 bits, and with a warning below 3072", async () => {
    const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
    const keys = { keys: [{ ...publicKey.export({ format: "jwk" }), kid: "rsa" }] } as JsonWebKeySet;
    const token = await new SignJWT(claimsAt()).setProtectedHeader({ alg: "RS256", kid: "rsa", typ: "at+jwt" }).sign(privateKey);
    const pss = await new SignJWT(claimsAt()).setProtectedHeader({ alg: "PS256", kid: "rsa", typ: "at+jwt" }).sign(privateKey);
    expect(await verifying({ keys }).outcome(token)).toBe("algorithm");
    expect(await verifying({ keys, algorithms: ["RS256", "PS256"] }).outcome(token)).toBe("accepted");
    // Fewer than 3072 bits are taken, and told once a minute.
    const short = verifying({ keys, algorithms: ["RS256"] });
    for (let i = 0; i < 3; i++) expect(await short.outcome(token)).toBe("accepted");
    expect(short.events).toEqual([{ at: START, type: "token_short_key", kid: "rsa" }]);
    for (const [bits, told] of [[3071, 1], [3072, 0]] as const) {
      const pair = generateKeyPairSync("rsa", { modulusLength: bits });
      const signed = await new SignJWT(claimsAt()).setProtectedHeader({ alg: "RS256", kid: "rsa", typ: "at+jwt" }).sign(pair.privateKey);
      const long = verifying({ keys: { keys: [{ ...pair.publicKey.export({ format: "jwk" }), kid: "rsa" }] } as JsonWebKeySet, algorithms: ["RS256"] });
      expect([await long.outcome(signed), long.events.length], String(bits)).toEqual(["accepted", told]);
    }
    // One key, one algorithm: without `alg`, an RSA key is for RS256.
    expect(await verifying({ keys, algorithms: ["RS256", "PS256"] }).outcome(pss)).toBe("key_algorithm");
  });

  it("[F03] a key that is no point of its curve verifies nothing, and breaks nothing else", async () => {
    const broken = { ...jwks.keys[0], kid: "broken", x: Buffer.alloc(32, 1).toString("base64url") } as JsonWebKeySet["keys"][number];
    const { outcome } = verifying({ keys: { keys: [...jwks.keys, broken] } });
    expect(await outcome(craft({ ...header, kid: "broken" }, claimsAt()))).toBe("key");
    expect(await outcome(craft(header, claimsAt()))).toBe("accepted");
  });

  it("a listener that throws changes nothing, and the claims can be changed by nobody", async () => {
    const { verifier } = verifying({ onEvent: () => { throw new Error("boom"); } });
    expect((await verifier.verify("x")).outcome).toBe("refused");
    const result = await verifier.verify(craft(header, claimsAt(START, { deep: { list: [{}] } })));
    if (result.outcome !== "accepted") return expect.unreachable();
    const { deep } = result.claims as unknown as { deep: { list: object[] } };
    expect([result.claims, deep, deep.list, deep.list[0]].every(Object.isFrozen)).toBe(true);
  });
});

describe("the cache of verified tokens", () => {
  /** Counts how often the signature is looked at: each time, the key is loaded. */
  function counted(options: Partial<TokenVerifierOptions> = {}) {
    const tokens = issuing();
    let loads = 0;
    let gone = false;
    const source = { peek: (kid: string) => find(kid), find: async (kid: string) => find(kid) ?? ("unknown" as const) };
    const counting = new Map(tokens.jwks().keys.map(({ kid = "" }) => [kid, { ...tokens.peek(kid), load: () => (loads++, tokens.peek(kid)?.load()) }]));
    const find = (kid: string) => (gone ? undefined : counting.get(kid)) as ReturnType<typeof tokens.peek>;
    return { ...verifying({ keys: source, ...options }), tokens, get loads() { return loads; }, takeKey: () => void (gone = true) };
  }

  it("looks at a signature once, and at the clock each time", async () => {
    const it = counted();
    const token = await issued(it.tokens);
    for (let i = 0; i < 5; i++) expect(await it.outcome(token)).toBe("accepted");
    expect(it.loads).toBe(1);
    it.clock.advance(5 * MINUTE + 5000);
    expect(await it.outcome(token)).toBe("expired");
    it.clock.set(START - MINUTE);
    expect(await it.outcome(token)).toBe("not_yet");
    expect(it.loads).toBe(1);
  });

  it("a key that is gone takes its tokens with it", async () => {
    const it = counted();
    const token = await issued(it.tokens);
    expect(await it.outcome(token)).toBe("accepted");
    it.takeKey();
    expect(await it.outcome(token)).toBe("key");
  });

  it("keeps a bounded number, and nothing that was refused", async () => {
    const it = counted({ cache: 4 });
    const tokens = await Promise.all(Array.from({ length: 12 }, () => issued(it.tokens)));
    for (const token of tokens) await it.outcome(token);
    expect(it.loads).toBe(12);
    for (const token of tokens.slice(-2)) await it.outcome(token);
    expect(it.loads).toBe(12);
    for (const token of tokens.slice(0, 8)) await it.outcome(token);
    expect(it.loads).toBe(20);
    const late = craft(header, claimsAt(START - HOUR));
    for (let i = 0; i < 3; i++) expect(await it.outcome(late)).toBe("expired");
    expect(it.loads).toBe(23);
  });

  it("can be off", async () => {
    const it = counted({ cache: "off" });
    const token = await issued(it.tokens);
    for (let i = 0; i < 3; i++) await it.outcome(token);
    expect(it.loads).toBe(3);
  });

  it("[F01] another signature under a token that is known is not known", async () => {
    const it = counted();
    const token = await issued(it.tokens);
    await it.outcome(token);
    expect(await it.outcome(`${token.slice(0, -8)}AAAAAAAA`)).toBe("signature");
  });
});

describe("the denylist", () => {
  function denying() {
    const clock = testClock(START);
    const store = spyStore(createMemoryStore({ clock }));
    const denylist = createDenylist({ store, keys: KEYS, clock });
    return { ...verifying({ denylist, clock }), clock, store, denylist, tokens: issuing({ clock }) };
  }
  const N = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;

  it("[F19] [D02] a denied token is over at once, also from the cache, and so is its twin with the signature (r, n - s)", async () => {
    const { denylist, outcome, verifier, tokens } = denying();
    const token = await issued(tokens);
    const [h, p, s = ""] = token.split(".");
    const bytes = Buffer.from(s, "base64url");
    const other = (N - BigInt(`0x${bytes.subarray(32).toString("hex")}`)).toString(16).padStart(64, "0");
    const twin = `${h}.${p}.${Buffer.concat([bytes.subarray(0, 32), Buffer.from(other, "hex")]).toString("base64url")}`;
    expect(twin).not.toBe(token);
    const result = await verifier.verify(token);
    expect([result.outcome, await outcome(twin)]).toEqual(["accepted", "accepted"]);
    if (result.outcome !== "accepted") return expect.unreachable();
    await denylist.deny(result.claims);
    expect([await outcome(token), await outcome(twin)]).toEqual(["revoked", "revoked"]);
    expect(await outcome(await issued(tokens))).toBe("accepted");
  });

  it("[F19] another issuer's token with the same jti is another one", async () => {
    const { denylist } = denying();
    await denylist.deny({ iss: "https://other.test", jti: "a", exp: START / 1000 + 60 });
    expect(await denylist.has({ iss: "https://other.test", jti: "a" })).toBe(true);
    expect(await denylist.has({ iss: ISSUER, jti: "a" })).toBe(false);
    expect(await denylist.has({ iss: "https://other.test", jti: "b", sid: "a" })).toBe(false);
    await denylist.deny({ iss: 'a","b', jti: "c", exp: START / 1000 + 60 });
    expect(await denylist.has({ iss: "a", jti: 'b","c' })).toBe(false);
  });

  it("[D02] all tokens of a session can be denied, for as long as the last of them lives", async () => {
    const { denylist, outcome, tokens, clock } = denying();
    const [one, two] = [await issued(tokens), await issued(tokens)];
    await denylist.denySession({ iss: ISSUER, sid: "handle-of-ada", lifetime: tokens.lifetime });
    expect([await outcome(one), await outcome(two)]).toEqual(["revoked", "revoked"]);
    clock.advance(5 * MINUTE + 4999);
    expect(await outcome(one)).toBe("revoked");
  });

  it("a row lasts until its token is over by every clock, and a second denial never shortens the first", async () => {
    const { denylist, store, clock } = denying();
    const token = { iss: ISSUER, jti: "a", exp: START / 1000 + 300 };
    await denylist.deny(token);
    await denylist.deny({ ...token, exp: token.exp - 200 });
    expect(store.calls).toEqual(["create", "create", "touch"]);
    clock.advance(359_999);
    expect(await denylist.has(token)).toBe(true);
    clock.advance(1);
    expect(await denylist.has(token)).toBe(false);
    await denylist.deny(token);
    expect(store.calls.filter((verb) => verb === "create")).toHaveLength(2);
  });

  it("[F19] realms do not meet", async () => {
    const { denylist, store, clock } = denying();
    await denylist.deny({ iss: ISSUER, jti: "a", exp: START / 1000 + 300 });
    expect(await createDenylist({ store, keys: KEYS, realm: "other", clock }).has({ iss: ISSUER, jti: "a" })).toBe(false);
  });

  it("a store that fails is no yes and no no", async () => {
    const { outcome, store, tokens, events } = denying();
    const token = await issued(tokens);
    store.fail = () => new Error("down at jti=canary");
    expect(await outcome(token)).toBe("unavailable: denylist");
    store.fail = () => undefined;
    expect(await outcome(token)).toBe("accepted");
    expect(events).toEqual([{ at: START, type: "token_denylist_failed", error: "HoldfastError unavailable" }]);
  });

  it("[K04] a store that may drop rows is refused", () => {
    const store = createMemoryStore();
    expect(() => createDenylist({ store: { ...store, capabilities: { ...store.capabilities, evicts: true } }, keys: KEYS })).toThrow(expect.objectContaining({ code: "unsupported", option: "store" }));
    expect(() => createDenylist({ store: undefined as never, keys: KEYS })).toThrow("store");
  });
});

describe("a roll-out of keys", () => {
  it("[G01] tokens of each state of a key verify while it is in the ring, and fail when it is gone", async () => {
    const next = await addSigningKey(KEYS_ES256, { now: START });
    const promoted = promoteSigningKey(next, { now: START + HOUR });
    const [before, after] = [await issued(issuing({ keys: next })), await issued(issuing({ keys: promoted }))];
    const results = async (keys: typeof next) => Promise.all([before, after].map((token) => verifying({ keys: issuing({ keys }).jwks() }).outcome(token)));
    expect(await results(KEYS_ES256)).toEqual(["accepted", "key"]);
    expect(await results(next)).toEqual(["accepted", "accepted"]);
    expect(await results(promoted)).toEqual(["accepted", "accepted"]);
    expect(await results(removeSigningKey(promoted, key.kid, { lifetime: 0, force: true }))).toEqual(["key", "accepted"]);
  });

  it("[G01] a retired key that still verifies is told once a minute, where its state is known", async () => {
    const promoted = promoteSigningKey(await addSigningKey(KEYS_ES256, { now: START }), { now: START + HOUR });
    const { outcome, events, clock } = verifying({ keys: issuing({ keys: promoted }) });
    const old = await issued(issuing({ lifetime: HOUR }));
    for (let i = 0; i < 3; i++) expect(await outcome(old)).toBe("accepted");
    expect(events).toEqual([{ at: START, type: "token_old_key", kid: key.kid }]);
    clock.advance(MINUTE);
    await outcome(old);
    expect(events).toHaveLength(2);
    await outcome(await issued(issuing({ keys: promoted })));
    expect(events).toHaveLength(2);
  });
});
