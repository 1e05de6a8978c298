import { createSessions, HoldfastError } from "@holdfast/session-core";
import { createMemoryStore } from "@holdfast/session-core/memory";
import { addSigningKey, createAccessTokens, createDenylist, createTokenVerifier, generateSigningKeys, promoteSigningKey, removeSigningKey, type SigningAlgorithm } from "@holdfast/session-core/tokens";
import { jwks, requireToken, type TokenEnv } from "@holdfast/session-hono/tokens";
import { Hono } from "hono";
import { createLocalJWKSet, exportJWK, generateKeyPair, jwtVerify, SignJWT } from "jose";
import type { Case, Suite } from "./case.ts";
import { codeOf, has, same, yes } from "./expect.ts";
import { TOKEN } from "./fixtures.ts";
import { clockAt, createWorld, KEYS, MINUTE, signedIn, START } from "./world.ts";

const NAMES = { issuer: "https://shop.test", audience: "https://api.shop.test" };
const ALGORITHMS: readonly SigningAlgorithm[] = ["ES256", "Ed25519"];

async function issue(alg: SigningAlgorithm = "ES256") {
  const clock = clockAt();
  const sessions = createSessions({ store: createMemoryStore({ clock }), keys: KEYS, clock });
  const tokens = createAccessTokens({ ...NAMES, clientId: "web", keys: await generateSigningKeys({ alg, now: START }), scope: () => "orders:read", clock });
  const { state, credential } = await sessions.issue("ada");
  const issued = await tokens.issue(state);
  yes(issued.outcome === "issued", "no token");
  return { clock, sessions, tokens, token: issued.accessToken.reveal(), credential, claims: { sub: "ada", client_id: "web", sid: state.kind === "active" ? state.handle : "", scope: "orders:read" } };
}

interface Given {
  readonly token: string;
  readonly jwks: Parameters<typeof createTokenVerifier>[0]["keys"];
}

async function accepted({ token, jwks }: Given): Promise<void> {
  has(await createTokenVerifier({ ...NAMES, keys: jwks, clock: clockAt() }).verify(token), { outcome: "accepted", claims: { sub: "ada" } });
}

const cases: readonly Case[] = [
  ...ALGORITHMS.map((alg): Case => ({
    name: `${alg}: issued, verified here and by jose, and refused when changed, late or for somebody else`,
    async run({ give }) {
      const { clock, tokens, token, claims } = await issue(alg);
      const verifier = createTokenVerifier({ ...NAMES, keys: tokens.jwks(), clock });
      has(await verifier.verify(token), { outcome: "accepted", claims });
      has(await verifier.verify(token), { outcome: "accepted", claims }, "remembered");
      const { payload, protectedHeader } = await jwtVerify(token, createLocalJWKSet(tokens.jwks() as never), { ...NAMES, typ: "at+jwt", currentDate: new Date(START) });
      has([payload, protectedHeader], [claims, { alg, typ: "at+jwt" }]);
      const [head, body, signature = ""] = token.split(".");
      has(await verifier.verify([head, body, (signature.startsWith("A") ? "B" : "A") + signature.slice(1)].join(".")), { outcome: "refused", reason: "signature" });
      has(await createTokenVerifier({ ...NAMES, audience: "https://other.test", keys: tokens.jwks(), clock }).verify(token), { outcome: "refused", reason: "audience" });
      clock.advance(6 * MINUTE);
      has(await verifier.verify(token), { outcome: "refused", reason: "expired" });
      give(`token ${alg}`, JSON.stringify({ token, jwks: tokens.jwks() }));
    },
  })),
  {
    name: "a token that jose made is verified, RS256 and PS256 by option too",
    async run() {
      const seconds = START / 1000;
      for (const alg of ["ES256", "Ed25519", "RS256", "PS256"] as const) {
        const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
        const keys = { keys: [{ ...(await exportJWK(publicKey)), kid: "k", alg, use: "sig" }] } as Given["jwks"];
        const made = new SignJWT({ client_id: "web", jti: alg, sub: "ada", iss: NAMES.issuer, aud: NAMES.audience }).setProtectedHeader({ alg, kid: "k", typ: "at+jwt" }).setIssuedAt(seconds).setExpirationTime(seconds + 60);
        const token = await made.sign(privateKey);
        has(await createTokenVerifier({ ...NAMES, keys, algorithms: [alg], clock: clockAt() }).verify(token), { outcome: "accepted" }, alg);
        if (alg.endsWith("S256") && alg !== "ES256") has(await createTokenVerifier({ ...NAMES, keys, clock: clockAt() }).verify(token), { outcome: "refused" }, `${alg} without the option`);
      }
    },
  },
  {
    name: "a token that Node signed is verified",
    run: () => accepted(TOKEN as Given),
  },
  {
    name: "what other runtimes signed is verified",
    async run({ taken }) {
      for (const [name, text] of Object.entries(taken)) if (/\/token /.test(name)) await accepted(JSON.parse(text) as Given);
    },
  },
  {
    name: "a refresh gives a token to browsers and to bearer clients, and the credential to these only",
    async run() {
      const { tokens } = await issue();
      const { app, sessions, clock } = createWorld({ routes: { tokens } });
      const browser = await signedIn(app);
      clock.advance(11 * MINUTE);
      const before = browser.cookie;
      const body = (await (await browser.post("/session/refresh")).json()) as Record<string, unknown>;
      has(body, { state: "active", tokenType: "Bearer", expiresIn: 300 });
      same([body["credential"], browser.cookie === before], [undefined, false]);
      has(await (await browser.post("/session/refresh", undefined, { authorization: `Bearer ${(await sessions.issue("bob")).credential.reveal()}` })).json(), { subject: "bob", tokenType: "Bearer" });
    },
  },
  {
    name: "jwks() and requireToken(): 200, 401 and 403 by RFC 6750",
    async run() {
      const { tokens, token, clock } = await issue();
      const issuer = new Hono().get("/.well-known/jwks.json", jwks(tokens));
      const published = await issuer.request("/.well-known/jwks.json");
      same(published.headers.get("content-type"), "application/jwk-set+json");
      const set = (await published.json()) as { keys: object[] };
      same(set.keys.flatMap((key) => Object.keys(key)).includes("d"), false, "a private member");
      const verifier = createTokenVerifier({ ...NAMES, keys: set as Given["jwks"], clock });
      const app = new Hono<TokenEnv>();
      app.get("/orders", requireToken(verifier, { scope: ["orders:read"] }), (c) => c.text(c.var.token.sub));
      app.get("/write", requireToken(verifier, { scope: ["orders:write"] }), (c) => c.text(""));
      const ask = (path: string, bearer?: string) => app.request(path, bearer === undefined ? {} : { headers: { authorization: `Bearer ${bearer}` } });
      const answers = [await ask("/orders", token), await ask("/orders"), await ask("/orders", `${token}x`), await ask("/write", token)];
      same(answers.map(({ status }) => status), [200, 401, 401, 403]);
      same([await answers[0]?.text(), answers[1]?.headers.get("www-authenticate")], ["ada", "Bearer"]);
    },
  },
  {
    name: "a denylist ends a token, and all of a session",
    async run() {
      const { tokens, token, clock, claims } = await issue();
      const denylist = createDenylist({ store: createMemoryStore({ clock }), keys: KEYS, clock });
      const verifier = createTokenVerifier({ ...NAMES, keys: tokens.jwks(), clock, denylist });
      has(await verifier.verify(token), { outcome: "accepted" });
      await denylist.denySession({ iss: NAMES.issuer, sid: claims.sid, lifetime: 5 * MINUTE });
      has(await verifier.verify(token), { outcome: "refused", reason: "revoked" });
    },
  },
  {
    name: "signing keys change in steps, and steps that come too early are refused",
    async run() {
      const first = await generateSigningKeys({ now: START });
      const second = await addSigningKey(first, { now: START });
      same(await codeOf(() => promoteSigningKey(second, { now: START + MINUTE })), "config");
      const third = promoteSigningKey(second, { now: START + 15 * MINUTE });
      same(third.keys.map(({ state }) => state), ["retired", "active"]);
      const kid = first.keys[0]?.kid ?? "";
      const error = await Promise.resolve().then(() => removeSigningKey(third, kid, { lifetime: 5 * MINUTE, now: START + 16 * MINUTE })).catch((caught: unknown) => caught);
      yes(error instanceof HoldfastError && error.code === "config", "one class of errors in all entries");
      same(removeSigningKey(third, kid, { lifetime: 5 * MINUTE, now: START + 60 * MINUTE }).keys.length, 1);
    },
  },
];

export const tokens: Suite = { name: "access tokens", cases };
