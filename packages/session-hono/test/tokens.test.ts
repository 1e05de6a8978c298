import { serve } from "@hono/node-server";
import { createMemoryStore } from "@holdfast/session-core/memory";
import { createSessions } from "@holdfast/session-core";
import { addSigningKey, createAccessTokens, createTokenVerifier, generateSigningKeys, promoteSigningKey, remoteKeys, removeSigningKey, type SigningKeyFile, type TokenEvent } from "@holdfast/session-core/tokens";
import { Hono } from "hono";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { sessionRoutes } from "../src/index.ts";
import { jwks, requireToken, type TokenEnv } from "../src/tokens.ts";
import { Browser, type Data, keys, MINUTE, signedIn, world } from "./support.ts";

const START = Date.UTC(2026, 0, 1);
const ISSUER = "https://app.test";
const API = "https://api.test";
const signing = await generateSigningKeys({ now: START });

const issuing = (clock: { now(): number }, file: SigningKeyFile = signing) =>
  createAccessTokens<Data>({ issuer: ISSUER, audience: API, clientId: "web", keys: file, scope: () => "cart:read", clock: { now: () => clock.now(), wait: async () => undefined } });

const verifying = (clock: { now(): number }, source: Parameters<typeof createTokenVerifier>[0]["keys"]) =>
  createTokenVerifier({ issuer: ISSUER, audience: API, keys: source, clock: { now: () => clock.now(), wait: async () => undefined } });

interface Refreshed {
  readonly state: string;
  readonly accessToken?: string;
  readonly tokenType?: string;
  readonly expiresIn?: number;
  readonly credential?: string;
}
const refresh = async (browser: Browser, headers: Record<string, string> = {}): Promise<Refreshed> => (await (await browser.post("/session/refresh", undefined, headers)).json()) as Refreshed;

describe("refresh with access tokens", () => {
  function tokenWorld(options: Parameters<typeof world>[0] = {}) {
    const it = world(options);
    const tokens = issuing(it.clock);
    const app: typeof it.app = new Hono();
    app.route("/session", sessionRoutes(it.sessions, { now: it.clock.now, tokens }));
    app.route("/", it.app);
    return { ...it, app, tokens, verifier: verifying(it.clock, tokens) };
  }

  it("a browser gets a token beside the view, its next credential in the cookie only, and is told to keep neither", async () => {
    const { app, verifier, clock } = tokenWorld();
    const browser = await signedIn(app);
    clock.advance(2 * MINUTE);
    const before = browser.cookie;
    const response = await browser.post("/session/refresh");
    expect(response.headers.get("cache-control")).toBe("no-store");
    const body = (await response.json()) as Refreshed;
    expect(body).toMatchObject({ state: "active", subject: "ada", tokenType: "Bearer", expiresIn: 300 });
    expect(body.credential).toBeUndefined();
    expect(browser.cookie).not.toBe(before);
    const secret = browser.cookie.split("=")[1] ?? "";
    expect(JSON.stringify(body)).not.toContain(secret);
    expect(response.headers.getSetCookie().join()).not.toContain(body.accessToken);
    const result = await verifier.verify(body.accessToken ?? "");
    expect(result).toMatchObject({ outcome: "accepted", claims: { sub: "ada", sid: (body as { epoch?: string }).epoch, scope: "cart:read" } });
  });

  it("a bearer client gets the token and its next credential in the body, and no cookie", async () => {
    const { app, sessions, clock } = tokenWorld();
    const { credential } = await sessions.issue("ada");
    clock.advance(2 * MINUTE);
    const browser = new Browser(app);
    const response = await browser.post("/session/refresh", undefined, { authorization: `Bearer ${credential.reveal()}` });
    const body = (await response.json()) as Refreshed;
    expect(body).toMatchObject({ tokenType: "Bearer", expiresIn: 300 });
    expect(body.credential).toHaveLength(96);
    expect(response.headers.getSetCookie()).toEqual([]);
  });

  it("with both, one transport is answered", async () => {
    const { app, sessions, clock } = tokenWorld();
    const browser = await signedIn(app);
    const { credential } = await sessions.issue("bob");
    clock.advance(2 * MINUTE);
    const response = await browser.post("/session/refresh", undefined, { authorization: `Bearer ${credential.reveal()}` });
    expect(await response.json()).toMatchObject({ subject: "bob", credential: expect.any(String) as string });
    expect(response.headers.getSetCookie()).toEqual([]);
    // An access token is no credential: the cookie counts.
    const { accessToken } = await refresh(browser);
    const mixed = await browser.post("/session/refresh", undefined, { authorization: `Bearer ${accessToken}` });
    expect(await mixed.json()).toMatchObject({ subject: "ada" });
    const alone = new Browser(app);
    expect((await alone.post("/session/refresh", undefined, { authorization: `Bearer ${accessToken}` })).status).toBe(401);
  });

  it("[D02] nobody who is not signed in gets one: no session, a guest, one that ended or idled out", async () => {
    const { app, clock, sessions } = tokenWorld();
    expect((await new Browser(app).post("/session/refresh")).status).toBe(401);
    const guest = new Browser(app);
    await guest.post("/cart");
    expect(await refresh(guest)).toMatchObject({ state: "guest" });
    expect(await refresh(guest)).not.toHaveProperty("accessToken");
    const browser = await signedIn(app);
    const copy = browser.copy();
    await browser.post("/session/logout");
    expect(await refresh(copy)).not.toHaveProperty("accessToken");
    const late = await signedIn(app);
    clock.advance(29 * MINUTE + 30_000);
    expect(await refresh(late)).toMatchObject({ expiresIn: 30 });
    clock.advance(MINUTE);
    expect(await refresh(late)).not.toHaveProperty("accessToken");
    expect(sessions.policy.idle).toBe(30 * MINUTE);
  });

  it("[H10] without the option no token is anywhere", async () => {
    const { app, clock } = world();
    const browser = await signedIn(app);
    clock.advance(2 * MINUTE);
    const body = await refresh(browser);
    expect(Object.keys(body).filter((name) => /token|credential/i.test(name))).toEqual([]);
    // With its dot: ids are random, and one in ten thousand has these letters.
    expect(JSON.stringify(body)).not.toMatch(/eyJ[\w-]*\./);
  });

  it("[D02] asks the engine, not a copy", async () => {
    const asked: unknown[] = [];
    const memory = createMemoryStore();
    const sessions = createSessions<Data>({
      keys, initial: { cart: [] },
      store: new Proxy(memory, { get: (target, name) => name === "capabilities" ? { ...target.capabilities, cached: true } : name === "read" ? (...args: Parameters<typeof memory.read>) => (asked.push(args[1]?.authoritative), memory.read(...args)) : Reflect.get(target, name) }),
    });
    const clock = { now: Date.now };
    const app = new Hono().route("/session", sessionRoutes(sessions, { tokens: issuing(clock) }));
    const { credential } = await sessions.issue("ada");
    asked.length = 0;
    await app.request("https://app.test/session/refresh", { method: "POST", headers: { authorization: `Bearer ${credential.reveal()}` } });
    expect(asked).toContain(true);
  });
});

describe("jwks()", () => {
  it("[F23] publishes public members, as a key set that caches may keep for a while", async () => {
    const file = await addSigningKey(signing, { now: START });
    const app = new Hono().get("/.well-known/jwks.json", jwks(issuing({ now: () => START }, file)));
    const response = await app.request("/.well-known/jwks.json");
    expect([response.status, response.headers.get("content-type"), response.headers.get("cache-control")]).toEqual([200, "application/jwk-set+json", "public, max-age=300"]);
    const text = await response.text();
    expect((JSON.parse(text) as { keys: object[] }).keys.map((key) => Object.keys(key).sort())).toEqual(Array.from({ length: 2 }, () => ["alg", "crv", "kid", "kty", "use", "x", "y"]));
    for (const { jwk } of file.keys) expect(text).not.toContain(jwk.d);
  });
});

describe("requireToken()", () => {
  async function api(scope?: readonly string[]) {
    let now = START;
    const tokens = issuing({ now: () => now });
    const state = { kind: "active", id: "x", handle: "h", subject: "ada", idleAt: START + 60 * MINUTE, absoluteAt: START + 60 * MINUTE, authenticatedAt: START, acr: undefined, amr: [] };
    const issued = await tokens.issue(state as never);
    const app = new Hono<TokenEnv>().get("/orders", requireToken(verifying({ now: () => now }, tokens), scope ? { scope } : {}), (c) => c.json({ sub: c.var.token.sub }));
    const get = (authorization?: string, path = "/orders") => app.request(path, authorization === undefined ? {} : { headers: { authorization } });
    return { get, token: issued.outcome === "issued" ? issued.accessToken.reveal() : "", advance: (ms: number) => void (now += ms) };
  }
  const challenge = async (response: Response | Promise<Response>): Promise<unknown> => [(await response).status, (await response).headers.get("www-authenticate")];

  it("[F21] [J06] a good token passes; a bad one gets 401 invalid_token, none at all 401 without a code, a narrow one 403", async () => {
    const { get, token, advance } = await api(["cart:read"]);
    for (const scheme of ["Bearer", "bearer", "BEARER "]) expect(await (await get(`${scheme} ${token}`)).json()).toEqual({ sub: "ada" });
    for (const authorization of [undefined, "Basic eDp5", "Bearerx y", `DPoP ${token}`, ""]) expect(await challenge(get(authorization)), authorization).toEqual([401, "Bearer"]);
    for (const authorization of ["Bearer", "Bearer ", "Bearer x", `Bearer ${token}x`, `Bearer ${token}, Bearer ${token}`, `Bearer ${token} ${token}`]) expect(await challenge(get(authorization)), authorization).toEqual([401, 'Bearer error="invalid_token"']);
    expect(await challenge((await api(["cart:read", "cart:write"])).get(`Bearer ${token}`))).toEqual([403, 'Bearer error="insufficient_scope", scope="cart:read cart:write"']);
    expect(await challenge((await api(["cart"])).get(`Bearer ${token}`))).toEqual([403, 'Bearer error="insufficient_scope", scope="cart"']);
    advance(6 * MINUTE);
    const late = await get(`Bearer ${token}`);
    expect(await challenge(late)).toEqual([401, 'Bearer error="invalid_token"']);
    expect(late.headers.get("cache-control")).toBe("no-store");
    expect(await late.text()).not.toContain(token.slice(-20));
    expect(() => requireToken({} as never, { scope: ['a"b'] })).toThrow("scope");
  });

  it("[A10] a token in a query counts for nothing", async () => {
    const { get, token } = await api();
    expect(await challenge(get(undefined, `/orders?access_token=${token}`))).toEqual([401, "Bearer"]);
  });

  it("503 while nobody can say", async () => {
    const app = new Hono().get("/", requireToken({ verify: async () => ({ outcome: "unavailable", why: "keys" }) }), (c) => c.text("x"));
    const response = await app.request("/", { headers: { authorization: "Bearer x" } });
    expect([response.status, response.headers.get("retry-after")]).toEqual([503, "1"]);
  });
});

describe("two services over HTTP", () => {
  const running: ReturnType<typeof serve>[] = [];
  afterEach(() => Promise.all(running.splice(0).map((server) => new Promise((done) => void server.close(done)))));
  const listen = async (fetch: (request: Request) => Response | Promise<Response>): Promise<string> => {
    const server = serve({ fetch, port: 0, hostname: "127.0.0.1" });
    running.push(server);
    if (!server.listening) await once(server, "listening");
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  };

  it("[G01] [G02] three rotations of the keys under load, with two issuing servers that change over two minutes apart: no request fails", async () => {
    let now = START;
    const clock = { now: () => now, wait: async () => undefined };
    const sessions = createSessions<Data>({ store: createMemoryStore({ clock }), keys, clock, initial: { cart: [] } });
    const build = (file: SigningKeyFile) => {
      const tokens = issuing(clock, file);
      return new Hono().get("/.well-known/jwks.json", jwks(tokens)).route("/session", sessionRoutes(sessions, { tokens, now: clock.now }));
    };
    let file = signing;
    const servers = [build(file), build(file)];
    const late: { readonly at: number; readonly app: (typeof servers)[number] }[] = [];
    const rollOut = (next: SigningKeyFile): void => {
      file = next;
      servers[0] = build(file);
      late.push({ at: now + 2 * MINUTE, app: build(file) });
    };
    let turn = 0;
    const issuer = await listen((request) => servers[turn++ % 2]?.fetch(request) ?? new Response(null, { status: 500 }));
    const events: TokenEvent[] = [];
    const remote = remoteKeys(`${issuer}/.well-known/jwks.json`, { clock, onEvent: (event) => void events.push(event) });
    const service = new Hono<TokenEnv>().get("/orders", requireToken(verifying(clock, remote)), (c) => c.text(c.var.token.sub));
    const api = await listen(service.fetch);

    let credential = (await sessions.issue("ada")).credential.reveal();
    let tokens: { readonly token: string; readonly until: number }[] = [];
    const signers = new Set<string>();
    const failures: string[] = [];
    const requests = { refresh: 0, api: 0 };
    const minute = async (): Promise<void> => {
      now += MINUTE;
      for (const due of late.filter(({ at }) => at <= now)) servers[1] = late.splice(late.indexOf(due), 1)[0]?.app ?? due.app;
      // One for each server, and something that keeps the session alive.
      for (const path of ["refresh", "refresh", "touch"]) {
        const response = await fetch(`${issuer}/session/${path}`, { method: "POST", headers: { authorization: `Bearer ${credential}` } });
        const body = (await response.json()) as Refreshed;
        requests.refresh++;
        if (response.status !== 200) failures.push(`${path} ${response.status}`);
        credential = body.credential ?? credential;
        if (path !== "refresh") continue;
        if (body.accessToken === undefined) failures.push("no token");
        const token = body.accessToken ?? "";
        signers.add((JSON.parse(Buffer.from(token.split(".")[0] ?? "", "base64url").toString()) as { kid: string }).kid);
        tokens.push({ token, until: now + (body.expiresIn ?? 0) * 1000 });
      }
      tokens = tokens.filter(({ until }) => until > now);
      const answers = await Promise.all(tokens.map(({ token }) => fetch(`${api}/orders`, { headers: { authorization: `Bearer ${token}` } })));
      requests.api += answers.length;
      for (const answer of answers) if (answer.status !== 200) failures.push(`orders ${answer.status} ${answer.headers.get("www-authenticate")}`);
    };
    const pass = async (minutes: number): Promise<void> => {
      for (let i = 0; i < minutes; i++) await minute();
    };

    await pass(3);
    for (let rotation = 0; rotation < 3; rotation++) {
      const [old = ""] = file.keys.map(({ kid }) => kid);
      rollOut(await addSigningKey(file, { now }));
      await pass(15);
      rollOut(promoteSigningKey(file, { now }));
      await pass(12);
      expect(() => removeSigningKey(file, old, { lifetime: 5 * MINUTE, now: now - MINUTE })).toThrow("may have signed");
      rollOut(removeSigningKey(file, old, { lifetime: 5 * MINUTE, now }));
      await pass(5);
    }
    expect(failures).toEqual([]);
    expect(events).toEqual([]);
    expect(signers.size).toBe(4);
    expect(requests).toEqual({ refresh: 297, api: expect.any(Number) as number });
    expect(requests.api).toBeGreaterThan(900);
  });
});
