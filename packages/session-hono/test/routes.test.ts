import { serve } from "@hono/node-server";
import { createSessions, type Sessions, type SessionsOptions } from "@holdfast/session-core";
import { createCsrfTokens } from "@holdfast/session-core/csrf";
import { createMemoryStore } from "@holdfast/session-core/memory";
import { Hono } from "hono";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { csrf, holdfastErrorHandler, type RouteOptions, session, type SessionEnv, sessionRoutes } from "../src/index.ts";
import { Browser, type Data, keys, MINUTE, ORIGIN, signedIn, world } from "./support.ts";

/** Nothing but the session routes, as somebody mounts them who read no further. */
function bare(options: { sessions?: Sessions<Data>; routes?: RouteOptions; around?: (app: Hono<SessionEnv<Data>>, sessions: Sessions<Data>) => void } = {}) {
  const calls: string[] = [];
  const memory = createMemoryStore();
  const store = new Proxy(memory, {
    get(target, property) {
      const value: unknown = Reflect.get(target, property);
      return typeof value === "function" ? (...args: unknown[]) => (calls.push(String(property)), Reflect.apply(value, target, args) as unknown) : value;
    },
  });
  const sessions = options.sessions ?? createSessions<Data>({ store, keys, initial: { cart: [] }, csrf: createCsrfTokens({ keys }), cookie: { sameSite: "none", allowCrossSite: true } });
  const app = new Hono<SessionEnv<Data>>();
  app.onError(holdfastErrorHandler((error, c) => c.text(error.message, 500)));
  app.post("/sign-in", session(sessions), (c) => {
    c.var.session.start("ada");
    return c.text("ok");
  });
  options.around?.(app, sessions);
  app.route("/session", sessionRoutes(sessions, options.routes));
  return { app, sessions, calls };
}

describe("the session routes check by themselves where a write comes from", () => {
  const CROSS = { "sec-fetch-site": "cross-site", origin: "https://evil.test" };

  it("[D03] [E01] another site ends, touches and renews nothing, and the store is not even asked", async () => {
    const { app, calls } = bare();
    const browser = await signedIn(app);
    calls.length = 0;
    for (const path of ["/session/logout", "/session/touch", "/session/refresh"]) {
      const response = await browser.post(path, undefined, CROSS);
      expect([response.status, ((await response.json()) as { code: string }).code]).toEqual([403, "csrf"]);
    }
    expect((await browser.send("DELETE", "/session/devices/x", { headers: CROSS })).status).toBe(403);
    expect(calls).toEqual([]);
    expect(await (await browser.get("/session", CROSS)).json()).toMatchObject({ state: "active" });
  });

  it("a csrf() in front has decided already, whatever it allows; one of its own is asked for by option, or off", async () => {
    const touch = async (options: Parameters<typeof bare>[0], headers: Record<string, string> = CROSS) => {
      const sessions = createSessions<Data>({ store: createMemoryStore(), keys, initial: { cart: [] } });
      const { app } = bare({ sessions, ...options });
      return (await (await signedIn(app)).post("/session/touch", undefined, headers)).status;
    };
    const origins = ["https://spa.test"];
    const spa = { ...CROSS, origin: "https://spa.test" };
    expect(await touch({ around: (app) => app.use(csrf({ origins })) }, spa)).toBe(200);
    expect(await touch({ around: (app) => app.use(csrf({ exempt: ["/session/touch"] })) })).toBe(200);
    expect(await touch({ around: (app) => app.use(csrf({ reportOnly: () => undefined })) })).toBe(200);
    expect(await touch({ routes: { crossSite: { origins } } }, spa)).toBe(200);
    expect(await touch({ routes: { crossSite: false } })).toBe(200);
    expect(await touch({ around: (app) => app.use(csrf({ origins })), routes: { crossSite: { origins: [ORIGIN] } } }, spa)).toBe(403);
    expect(await touch({ around: (app, sessions) => app.use(session(sessions)) })).toBe(403);
  });
});

describe("[D07] ending other sessions asks for a recent authentication", () => {
  const devices = (options: { routes?: RouteOptions; core?: Partial<SessionsOptions<Data>> } = {}) => {
    const { app, sessions, clock } = world({ core: options.core ?? {} });
    app.route("/s", sessionRoutes(sessions, { now: clock.now, clearSiteData: ["storage"], ...options.routes }));
    const others = async (): Promise<number> => (await sessions.list("ada")).length;
    const end = async (browser: Browser, id: string): Promise<number> => (await browser.send("DELETE", `/s/devices/${id}`)).status;
    return { app, sessions, clock, others, end };
  };

  it("one of them, and all others: 403 with how recent it must be, and nothing ends; a step-up opens it", async () => {
    const { app, sessions, clock, others, end } = devices();
    const browser = await signedIn(app);
    const { state } = await sessions.issue("ada");
    clock.advance(15 * MINUTE + 1);
    const refused = await browser.send("DELETE", `/s/devices/${state.id}`);
    expect([refused.status, await refused.json()]).toEqual([403, expect.objectContaining({ code: "fresh_required", maxAge: 900 })]);
    expect(await (await browser.post("/s/logout", { scope: "others" })).json()).toMatchObject({ code: "fresh_required", maxAge: 900 });
    expect(await others()).toBe(2);
    // Looking is no ending, and an id of nobody's is told apart from none.
    expect((await browser.get("/s/devices")).status).toBe(200);
    expect(await end(browser, "x")).toBe(404);
    await browser.post("/elevate");
    expect(await end(browser, state.id)).toBe(204);
    await sessions.issue("ada");
    expect((await browser.post("/s/logout", { scope: "others" })).status).toBe(204);
    expect(await others()).toBe(1);
  });

  it("whoever leaves is let out in any case: this session ends, the others stay and the answer says so", async () => {
    const { app, sessions, clock, others, end } = devices();
    const browser = await signedIn(app);
    await sessions.issue("ada");
    clock.advance(20 * MINUTE);
    const response = await browser.post("/s/logout", { scope: "all" });
    expect([response.status, response.headers.get("clear-site-data"), await response.json()]).toEqual([403, '"storage"', expect.objectContaining({ code: "fresh_required", maxAge: 900 })]);
    expect([browser.jar.size, await others()]).toEqual([0, 1]);
    const again = await signedIn(app);
    expect((await again.post("/s/logout", { scope: "all" })).status).toBe(204);
    expect(await others()).toBe(0);
    // A sign-in of the very moment counts as begun before it.
    clock.advance(MINUTE);
    const mine = await signedIn(app);
    clock.advance(20 * MINUTE);
    const [row] = await sessions.list("ada");
    expect(await end(mine, row?.id ?? "")).toBe(204);
    const last = await signedIn(app);
    clock.advance(20 * MINUTE);
    expect((await last.post("/s/logout")).status).toBe(204);
    expect(await others()).toBe(0);
  });

  it("the age is that of the policy, or of the option; false asks for none", async () => {
    const statusAt = async (age: number, options: Parameters<typeof devices>[0] = {}): Promise<number> => {
      const { app, sessions, clock, end } = devices(options);
      const browser = await signedIn(app);
      const { state } = await sessions.issue("ada");
      clock.advance(age);
      return end(browser, state.id);
    };
    expect([await statusAt(15 * MINUTE), await statusAt(15 * MINUTE + 1)]).toEqual([204, 403]);
    const core = { policy: { freshFor: 5 * MINUTE } };
    expect([await statusAt(5 * MINUTE, { core }), await statusAt(5 * MINUTE + 1, { core })]).toEqual([204, 403]);
    expect([await statusAt(MINUTE, { routes: { freshForDevices: MINUTE } }), await statusAt(MINUTE + 1, { routes: { freshForDevices: MINUTE } })]).toEqual([204, 403]);
    expect(await statusAt(25 * MINUTE, { routes: { freshForDevices: false } })).toBe(204);
    for (const freshForDevices of [Number.NaN, -1, "5m" as never]) expect(() => devices({ routes: { freshForDevices } })).toThrow(expect.objectContaining({ code: "config", option: "freshForDevices" }));
  });
});

describe("a store that cannot list a subject's sessions", () => {
  const unlisted = () => {
    const { capabilities, read, create, update, touch, end, delete: remove } = createMemoryStore();
    return bare({ sessions: createSessions<Data>({ store: { capabilities: { ...capabilities, index: false }, read, create, update, touch, end, delete: remove }, keys, initial: { cart: [] } }) });
  };

  it("says so: a problem of its own, no fault of the server; and whoever leaves is let out", async () => {
    const { app } = unlisted();
    const browser = await signedIn(app);
    const say = async (response: Response) => [response.status, ((await response.json()) as { code: string }).code];
    expect(await say(await browser.get("/session/devices"))).toEqual([501, "unsupported"]);
    expect(await say(await browser.post("/session/logout", { scope: "others" }))).toEqual([501, "unsupported"]);
    expect(await (await browser.get("/session")).json()).toMatchObject({ state: "active" });
    expect(await say(await browser.post("/session/logout", { scope: "all" }))).toEqual([501, "unsupported"]);
    expect([browser.jar.size, await (await browser.get("/session")).json()]).toEqual([0, { state: "none" }]);
    expect((await new Browser(app).post("/session/logout", { scope: "all" })).status).toBe(204);
    expect((await new Browser(app).get("/session/devices")).status).toBe(401);
  });

  it.each([["others", ["active", "none"]], ["all", ["none", "none"]]])("signs out %s where the store can do that all the same", async (scope, expected) => {
    const { list: _list, ...store } = createMemoryStore();
    const { app } = bare({ sessions: createSessions<Data>({ store: { ...store, capabilities: { ...store.capabilities, index: false } }, keys, initial: { cart: [] } }) });
    const [here, there] = [await signedIn(app), await signedIn(app)];
    expect((await here.get("/session/devices")).status).toBe(501);
    expect((await here.post("/session/logout", { scope })).status).toBe(204);
    const states = [here, there].map(async (browser) => ((await (await browser.get("/session")).json()) as { state: string }).state);
    expect(await Promise.all(states)).toEqual(expected);
  });
});

describe("bodies over a real server", () => {
  const FORM = { "content-type": "application/x-www-form-urlencoded" };
  const JSON_TYPE = { "content-type": "application/json" };
  const { app } = bare({
    around: (inner, sessions) => {
      // A request log.
      inner.use("/session/*", async (c, next) => {
        if (c.req.header("x-log")) await c.req.text();
        await next();
      });
      inner.use("/notes", async (c, next) => void (await c.req.text(), await next()), session(sessions));
      inner.post("/notes", (c) => c.text("noted"));
    },
  });
  const server = serve({ fetch: app.fetch, port: 0, hostname: "127.0.0.1" });
  let base = "";
  beforeAll(async () => {
    if (!server.listening) await once(server, "listening");
    base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => void server.close());
  /** In pieces, so that no Content-Length says how long it is. */
  const inPieces = (text: string): RequestInit => ({ body: new Blob([text]).stream(), duplex: "half" }) as RequestInit;
  const logout = async (init: RequestInit, headers: Record<string, string> = {}): Promise<number> =>
    (await fetch(`${base}/session/logout`, { method: "POST", ...init, headers: { ...JSON_TYPE, origin: base, ...headers } })).status;

  it("a sign-out is read, bounded and checked, also when something in front has read the body", async () => {
    for (const log of [{}, { "x-log": "yes" }] as Record<string, string>[]) {
      for (const body of [(text: string): RequestInit => ({ body: text }), inPieces]) {
        const answers = await Promise.all([logout(body("{}"), log), logout(body('{"scope":"all"}'), log), logout(body('{"scope":"some"}'), log), logout(body("{"), log), logout(body("[]"), log), logout(body(JSON.stringify({ pad: "é".repeat(600) })), log)]);
        expect(answers).toEqual([204, 204, 400, 400, 400, 400]);
        expect(await logout(body("{}"), { ...log, ...FORM })).toBe(400);
      }
      expect(await logout({}, log)).toBe(204);
    }
  });

  it("a form whose body was read in front still carries its token", async () => {
    const browser = new Browser(app);
    const token = (await browser.post("/sign-in")).headers.get("x-csrf-token") ?? "";
    const send = async (field: string): Promise<number> => {
      const response = await fetch(`${base}/notes`, { method: "POST", headers: { ...FORM, cookie: browser.cookie, origin: base }, ...inPieces(`csrf_token=${field}`) });
      return response.status;
    };
    expect([await send(token), await send(`${token}x`)]).toEqual([200, 403]);
  });
});
