import { createPublicKey, verify as nodeVerify } from "node:crypto";
import { inspect } from "node:util";
import { createLocalJWKSet, jwtVerify } from "jose";
import { describe, expect, it } from "vitest";
import { addSigningKey, createAccessTokens, generateSigningKeys, nextSigningStep, promoteSigningKey, removeSigningKey, type SigningKeyFile } from "../../src/tokens.ts";
import { codeOf, HOUR, MINUTE, request, signedIn, world } from "../support.ts";
import { activeKey, activeState, API, decoded, issued, ISSUER, issuing, KEYS_ED25519, KEYS_ES256, START } from "./support.ts";

const DAY = 24 * HOUR;
const optionOf = (work: () => unknown): string => {
  try {
    work();
    return "none";
  } catch (error) {
    return String((error as { option?: string }).option ?? error);
  }
};

describe("issuing access tokens", () => {
  it("[F07] [F09] [M02] carries what RFC 9068 asks for, and the handle of the session instead of its id", async () => {
    const token = await issued(issuing({ scope: () => "read write" }));
    expect(decoded(token, 0)).toEqual({ alg: "ES256", kid: activeKey(KEYS_ES256).kid, typ: "at+jwt" });
    const { jti, ...claims } = decoded(token, 1);
    expect(claims).toEqual({
      iss: ISSUER, aud: API, sub: "ada", client_id: "web", iat: START / 1000, exp: START / 1000 + 300, sid: "handle-of-ada",
      auth_time: START / 1000 - 91, acr: "aal2", amr: ["pwd", "otp"], scope: "read write",
    });
    expect(jti).toMatch(/^[\w-]{22}$/);
    expect(token).not.toContain("AAAAAAAAAAAAAAAAAAAAAAAA");
  });

  it("[F22] a session's data is not in it, and more claims come by name, none that the token has itself", async () => {
    const state = activeState(START, { data: { cart: ["canary"], prefs: {} }, acr: undefined, amr: [] });
    expect(Object.keys(decoded(await issued(issuing(), state), 1)).sort()).toEqual(["aud", "auth_time", "client_id", "exp", "iat", "iss", "jti", "sid", "sub"]);
    expect(decoded(await issued(issuing({ claims: () => ({ tenant: "t1" }) }), state), 1)).toMatchObject({ tenant: "t1", sub: "ada" });
    for (const name of ["sub", "exp", "aud", "sid", "nonce", "cnf"]) expect(await codeOf(() => issuing({ claims: () => ({ [name]: "x" }) }).issue(state)), name).toBe("config");
  });

  it("[F13] lives 5 minutes, at most an hour, and never longer than what is left of the session", async () => {
    const life = async (options: Parameters<typeof issuing>[0], more: Parameters<typeof activeState>[1] = {}): Promise<number> => {
      const { exp, iat } = decoded(await issued(issuing(options), activeState(START, more)), 1) as { exp: number; iat: number };
      return exp - iat;
    };
    expect(await life({})).toBe(300);
    expect(await life({ lifetime: HOUR })).toBe(1800);
    expect(await life({ lifetime: HOUR }, { idleAt: START + 2 * HOUR })).toBe(3600);
    expect(await life({}, { idleAt: START + 90_999 })).toBe(90);
    expect(await life({}, { absoluteAt: START + 61_000 })).toBe(61);
    expect(optionOf(() => issuing({ lifetime: HOUR + 1 }))).toBe("lifetime");
    expect(optionOf(() => issuing({ lifetime: Number.NaN }))).toBe("lifetime");
  });

  it("issues only for somebody who is signed in, while a second is left", async () => {
    const tokens = issuing();
    const refused = async (state: Parameters<typeof tokens.issue>[0]): Promise<unknown> => tokens.issue(state);
    expect(await refused({ kind: "none" })).toEqual({ outcome: "refused", why: "no_session" });
    expect(await refused({ ...activeState(START), kind: "guest" } as never)).toEqual({ outcome: "refused", why: "no_session" });
    expect(await refused(activeState(START, { idleAt: START }))).toEqual({ outcome: "refused", why: "ending" });
    expect(await refused(activeState(START, { absoluteAt: START + 999 }))).toEqual({ outcome: "refused", why: "ending" });
    expect(await refused(activeState(START, { idleAt: START - HOUR }))).toEqual({ outcome: "refused", why: "ending" });
  });

  it("[M02] for a real session: `sid` is its handle, and a session that is over gets none", async () => {
    const { sessions, clock } = world();
    const tokens = issuing({ clock });
    const jar = await signedIn(sessions);
    const { state } = await request(sessions, jar);
    if (state.kind !== "active") return expect.unreachable();
    expect(decoded(await issued(tokens, state), 1)).toMatchObject({ sid: state.handle, sub: "ada" });
    expect(state.handle).not.toBe(state.id);
    clock.advance(31 * MINUTE);
    expect(await tokens.issue(state)).toEqual({ outcome: "refused", why: "ending" });
    expect(await tokens.issue((await request(sessions, jar)).state)).toEqual({ outcome: "refused", why: "no_session" });
  });

  it.each([["ES256", KEYS_ES256], ["Ed25519", KEYS_ED25519]] as const)("[F15] %s verifies with jose, and with node:crypto by hand", async (alg, keys) => {
    const tokens = issuing({ keys, audience: [API, "https://other.test"] });
    const token = await issued(tokens);
    const { payload, protectedHeader } = await jwtVerify(token, createLocalJWKSet(tokens.jwks() as never), { issuer: ISSUER, audience: API, typ: "at+jwt", algorithms: [alg], currentDate: new Date(START), requiredClaims: ["client_id", "jti", "sid"] });
    expect([payload.sub, protectedHeader.alg]).toEqual(["ada", alg]);
    const [header, body, signature] = token.split(".");
    const key = createPublicKey({ key: { ...tokens.jwks().keys[0] } as never, format: "jwk" });
    const input = Buffer.from(`${header}.${body}`);
    expect(nodeVerify(alg === "ES256" ? "sha256" : null, input, alg === "ES256" ? { key, dsaEncoding: "ieee-p1363" } : key, Buffer.from(signature ?? "", "base64url"))).toBe(true);
  });

  it("[G11] the result shows its token to nobody who does not ask", async () => {
    const result = await issuing().issue(activeState(START));
    if (result.outcome !== "issued") return expect.unreachable();
    const [, , signature = ""] = result.accessToken.reveal().split(".");
    for (const shown of [JSON.stringify(result), inspect(result, { depth: 9 }), String(result.accessToken)]) expect(shown).not.toContain(signature);
  });

  it("[F09] no two have one jti", async () => {
    const tokens = issuing({ keys: KEYS_ED25519 });
    const seen = await Promise.all(Array.from({ length: 200 }, async () => decoded(await issued(tokens), 1)["jti"]));
    expect(new Set(seen).size).toBe(200);
  });

  it("options that cannot be right are refused at construction", () => {
    expect(optionOf(() => issuing({ issuer: "http://app.test" }))).toBe("issuer");
    expect(optionOf(() => issuing({ issuer: "app.test" }))).toBe("issuer");
    expect(optionOf(() => issuing({ issuer: "https://app.test/?a" }))).toBe("issuer");
    expect(optionOf(() => issuing({ issuer: "https://u:p@app.test" }))).toBe("issuer");
    expect(optionOf(() => issuing({ issuer: "http://localhost:3000" }))).toBe("none");
    for (const audience of ["", [], [""], undefined]) expect(optionOf(() => issuing({ audience: audience as never }))).toBe("audience");
    expect(optionOf(() => issuing({ clientId: "" }))).toBe("clientId");
    expect(optionOf(() => issuing({ jwksMaxAge: -1 }))).toBe("jwksMaxAge");
    expect(optionOf(() => issuing({ lifeTime: 1 } as never))).toBe("lifeTime");
    expect(optionOf(() => createAccessTokens({ issuer: ISSUER, audience: API, clientId: "web" } as never))).toBe("keys");
  });
});

describe("the keys of access tokens", () => {
  const added = (file: SigningKeyFile, now: number): Promise<SigningKeyFile> => addSigningKey(file, { now });
  const states = ({ keys }: SigningKeyFile): string[] => keys.map(({ state }) => state);

  it("[G01] add, promote, remove: the next key and the retired one are published with the active one, which alone signs", async () => {
    const next = await added(KEYS_ES256, START);
    const promoted = promoteSigningKey(next, { now: START + 15 * MINUTE });
    const removed = removeSigningKey(promoted, activeKey(KEYS_ES256).kid, { lifetime: 5 * MINUTE, now: START + DAY });
    expect([next, promoted, removed].map(states)).toEqual([["active", "next"], ["retired", "active"], ["active"]]);
    expect([next, promoted, removed].map((keys) => issuing({ keys }).jwks().keys.map(({ kid }) => kid))).toEqual([next, promoted, removed].map(({ keys }) => keys.map(({ kid }) => kid)));
    expect(decoded(await issued(issuing({ keys: next })), 0)["kid"]).toBe(next.keys[0]?.kid);
    expect(decoded(await issued(issuing({ keys: promoted })), 0)["kid"]).toBe(next.keys[1]?.kid);
    expect(states(KEYS_ES256)).toEqual(["active"]);
  });

  it("[F23] what is published has public members only, with kid, alg and use, whatever else the file has", async () => {
    const keys = { keys: (await added(KEYS_ED25519, START)).keys.map((key) => ({ ...key, jwk: { ...key.jwk, p: "canary", k: "canary" } })) };
    const published = issuing({ keys }).jwks();
    expect(published.keys.map((key) => Object.keys(key).sort())).toEqual([["alg", "crv", "kid", "kty", "use", "x"], ["alg", "crv", "kid", "kty", "use", "x"]]);
    expect(issuing().jwks().keys.map((key) => Object.keys(key).sort())).toEqual([["alg", "crv", "kid", "kty", "use", "x", "y"]]);
    for (const { jwk } of keys.keys) expect(JSON.stringify(published)).not.toContain(jwk.d);
  });

  it("[G01] [G02] a key signs only after it was published for as long as verifiers keep the keys, and goes only when its last token is over", async () => {
    const next = await added(KEYS_ES256, START);
    const promote = (after: number, jwksMaxAge?: number): string => optionOf(() => promoteSigningKey(next, { now: START + after, ...(jwksMaxAge === undefined ? {} : { jwksMaxAge }) }));
    const [old, fresh] = next.keys.map(({ kid }) => `keys[kid ${kid}]`);
    expect(promote(15 * MINUTE - 1)).toBe(fresh);
    expect(promote(15 * MINUTE)).toBe("none");
    expect(promote(20 * MINUTE, HOUR)).toBe(fresh);
    const promoted = promoteSigningKey(next, { now: START + HOUR });
    const remove = (after: number, lifetime: number, kid = next.keys[0]?.kid ?? ""): string => optionOf(() => removeSigningKey(promoted, kid, { lifetime, now: START + HOUR + after }));
    expect(remove(11 * MINUTE + 4999, 5 * MINUTE)).toBe(old);
    expect(remove(11 * MINUTE + 5000, 5 * MINUTE)).toBe("none");
    expect(remove(11 * MINUTE + 5000, 6 * MINUTE)).toBe(old);
    expect(remove(DAY, MINUTE, next.keys[1]?.kid)).toBe(fresh);
    expect(remove(DAY, MINUTE, "other")).toBe("keys[kid other]");
    expect(optionOf(() => promoteSigningKey(KEYS_ES256))).toBe("keys");
    expect(await codeOf(() => addSigningKey(next))).toBe("config");
  });

  it("[G01] says what comes next and from when on; forced, a step comes earlier, but never with a key that no server would start with", async () => {
    const lifetime = 5 * MINUTE;
    expect(nextSigningStep(KEYS_ES256, { lifetime })).toEqual({ step: "add", from: START });
    const next = await added(KEYS_ES256, START);
    const [old = "", fresh = ""] = next.keys.map(({ kid }) => kid);
    expect(nextSigningStep(next, { lifetime })).toEqual({ step: "promote", kid: fresh, from: START + 15 * MINUTE });
    expect(nextSigningStep(next, { lifetime, jwksMaxAge: HOUR })).toMatchObject({ from: START + 65 * MINUTE });
    expect(optionOf(() => promoteSigningKey(next, { now: START + 10 * MINUTE - 1, force: true }))).toBe(`keys[kid ${fresh}]`);
    expect(states(promoteSigningKey(next, { now: START + 10 * MINUTE, force: true }))).toEqual(["retired", "active"]);
    const promoted = promoteSigningKey(next, { now: START + 15 * MINUTE });
    expect(nextSigningStep(promoted, { lifetime })).toEqual({ step: "remove", kid: old, from: START + 26 * MINUTE + 5000 });
    expect(states(removeSigningKey(promoted, old, { lifetime, now: START + 16 * MINUTE, force: true }))).toEqual(["active"]);
  });

  it("[G02] a file edited by hand is refused when its key signs too early", async () => {
    const next = await added(KEYS_ES256, START);
    const early = { keys: next.keys.map((key) => ({ ...key, state: key.state === "next" ? "active" : "retired", since: START + MINUTE }) as const) };
    expect(optionOf(() => issuing({ keys: early }))).toBe(`keys[kid ${next.keys[1]?.kid}]`);
    expect(optionOf(() => issuing({ keys: early, jwksMaxAge: MINUTE }))).toBe("none");
    expect(optionOf(() => issuing({ keys: promoteSigningKey(next, { now: START + HOUR }), jwksMaxAge: 2 * HOUR }))).toBe(`keys[kid ${next.keys[1]?.kid}]`);
  });

  it("[G02] a retired key that was taken out by hand is missed at construction", async () => {
    const promoted = promoteSigningKey(await added(KEYS_ES256, START), { now: START + HOUR });
    const old = promoted.keys[0]?.kid ?? "";
    expect(promoted.keys.map(({ after }) => after)).toEqual([undefined, old]);
    const edited = { keys: promoted.keys.filter(({ kid }) => kid !== old) };
    expect(() => issuing({ keys: edited })).toThrow(`lack key ${old}`);
    const removed = removeSigningKey(promoted, old, { lifetime: 5 * MINUTE, now: START + DAY });
    expect(removed.keys.map(({ after }) => after)).toEqual([undefined]);
    expect(optionOf(() => issuing({ keys: removed }))).toBe("none");
    expect(optionOf(() => issuing({ keys: removeSigningKey(promoted, old, { lifetime: 5 * MINUTE, now: START + HOUR, force: true }) }))).toBe("none");
  });

  it("[F04] [G11] a ring that cannot be right is refused, and no message has a key in it", async () => {
    const key = activeKey(KEYS_ES256);
    const other = activeKey(await generateSigningKeys({ now: START }));
    const name = `keys[kid ${key.kid}]`;
    const cases: readonly (readonly [unknown, string])[] = [
      [undefined, "keys"], [{}, "keys"], [{ keys: [] }, "keys"], [{ keys: [{ ...key, state: "next" }] }, "keys"],
      [{ keys: [key, { ...other, kid: key.kid, state: "next" }] }, name],
      [{ keys: [key, other] }, "keys"],
      [{ keys: [key, { ...other, state: "next" }, { ...activeKey(KEYS_ED25519), state: "next" }] }, "keys"],
      [{ keys: [key, { ...key, kid: "twin", state: "next" }] }, "keys[kid twin].jwk"],
      [{ keys: [{ ...key, kid: "../../etc/passwd" }] }, "keys.kid"], [{ keys: [{ ...key, kid: "" }] }, "keys.kid"], [{ keys: [{ ...key, kid: "k".repeat(129) }] }, "keys.kid"],
      [{ keys: [{ ...key, alg: "HS256" }] }, `${name}.alg`], [{ keys: [{ ...key, alg: "none" }] }, `${name}.alg`], [{ keys: [{ ...key, alg: "Ed25519" }] }, `${name}.jwk`],
      [{ keys: [{ ...key, state: "on" }] }, `${name}.state`], [{ keys: [{ ...key, since: Number.NaN }] }, `${name}.since`], [{ keys: [{ ...key, added: key.since + 1 }] }, `${name}.since`],
      [{ keys: [{ ...key, jwk: { ...key.jwk, d: "" } }] }, `${name}.jwk`], [{ keys: [{ ...key, jwk: undefined }] }, `${name}.jwk`],
    ];
    for (const [file, option] of cases) {
      expect(optionOf(() => issuing({ keys: file as never })), JSON.stringify(file)?.slice(0, 200)).toBe(option);
      await expect((async () => issuing({ keys: file as never }))()).rejects.toSatisfy((error: Error) => !error.message.includes(key.jwk.d) && !error.message.includes(key.jwk.x));
    }
  });

  it("a new key has the algorithm of the active one unless told otherwise, and the thumbprint as its kid", async () => {
    expect((await addSigningKey(KEYS_ED25519)).keys.map(({ alg }) => alg)).toEqual(["Ed25519", "Ed25519"]);
    expect((await addSigningKey(KEYS_ES256, { alg: "Ed25519" })).keys.map(({ alg }) => alg)).toEqual(["ES256", "Ed25519"]);
    expect(await codeOf(() => generateSigningKeys({ alg: "RS256" as never }))).toBe("config");
    expect(activeKey(KEYS_ES256).kid).toMatch(/^[\w-]{43}$/);
  });
});
