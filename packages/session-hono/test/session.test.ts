import { serve } from "@hono/node-server";
import { getConnInfo } from "@hono/node-server/conninfo";
import { createSignals } from "@holdfast/session-core/signals";
import { request as httpRequest } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, it } from "vitest";
import { Browser, keys, MINUTE, ORIGIN, signedIn, world } from "./support.ts";

describe("the middleware", () => {
  it("visitors, excepted paths and forged cookies cost no store call", async () => {
    const { app, calls } = world();
    const browser = await signedIn(app);
    calls.length = 0;
    await app.request(`${ORIGIN}/`);
    await browser.get("/assets/app.js");
    await app.request(`${ORIGIN}/`, { headers: { cookie: `__Host-sid-a=${"A".repeat(96)}` } });
    expect(calls).toEqual([]);
    await browser.get("/private");
    expect(calls).toEqual(["read"]);
  });

  it("lazy: only a request that looks at its session reads it", async () => {
    const { app, calls } = world({ session: { lazy: true } });
    const browser = await signedIn(app);
    calls.length = 0;
    await browser.get("/");
    expect(calls).toEqual([]);
    expect((await browser.get("/private")).status).toBe(200);
    expect((await browser.get("/session")).status).toBe(200);
    expect(calls).toEqual(["read", "read"]);
  });

  it("[J01] responses with a cookie are no-store; cacheable ones get neither renewal nor deadlines", async () => {
    const { app, clock } = world();
    const browser = new Browser(app);
    expect((await browser.post("/sign-in")).headers.get("cache-control")).toBe("no-store");
    clock.advance(11 * MINUTE);
    const cached = await browser.get("/cached");
    expect(cached.headers.get("cache-control")).toBe("public, max-age=60");
    expect(cached.headers.getSetCookie()).toEqual([]);
    expect(cached.headers.has("session-deadlines")).toBe(false);
    const renewed = await browser.get("/");
    expect(renewed.headers.getSetCookie()).toHaveLength(1);
    expect(renewed.headers.get("cache-control")).toBe("no-store");
    const signIn = await new Browser(app).post("/sign-in-cached");
    expect(signIn.headers.getSetCookie()).toHaveLength(1);
    expect(signIn.headers.get("cache-control")).toBe("no-store");
  });

  it("cookies reach immutable responses such as redirects", async () => {
    const { app, clock } = world();
    const browser = await signedIn(app);
    clock.advance(11 * MINUTE);
    const response = await browser.get("/redirect");
    expect(response.status).toBe(302);
    expect(response.headers.getSetCookie()).toHaveLength(1);
  });

  it("a handler that threw leaves the data as it was", async () => {
    const { app } = world();
    const browser = await signedIn(app);
    expect((await browser.post("/throw")).status).toBe(500);
    expect(await (await browser.get("/private")).json()).toEqual({ subject: "ada", cart: [] });
  });

  it("a lazy session that nobody looked at reads nothing and changes no answer, signed in or not", async () => {
    const { app, calls } = world({ session: { lazy: true } });
    for (const browser of [new Browser(app), await signedIn(app)]) {
      calls.length = 0;
      const response = await browser.get("/");
      expect([response.status, await response.text(), response.headers.getSetCookie()]).toEqual([200, "home", []]);
      expect((await browser.get("/nowhere")).status).toBe(404);
      expect(calls).toEqual([]);
    }
  });

  it("[J04] a store outage is 503, keeps the cookie and lets nobody in", async () => {
    const it = world();
    const browser = await signedIn(it.app);
    const before = browser.cookie;
    it.fail = new Error("ECONNREFUSED 10.0.0.1");
    const response = await browser.get("/private");
    expect(response.status).toBe(503);
    expect(response.headers.get("retry-after")).toBe("1");
    expect(await response.text()).not.toContain("ECONNREFUSED");
    it.fail = undefined;
    expect(browser.cookie).toBe(before);
    expect((await browser.get("/private")).status).toBe(200);
  });

  it("[J05] the write is done before the first byte of a stream", async () => {
    const { app } = world();
    const browser = await signedIn(app);
    expect(await (await browser.post("/stream")).text()).toBe("update");
  });

  it("a touch outlives the response where the runtime has waitUntil, and is then not promised in the deadlines", async () => {
    const { app, clock, calls } = world();
    const browser = await signedIn(app);
    clock.advance(5 * MINUTE);
    calls.length = 0;
    const waiting: Promise<unknown>[] = [];
    const context = { waitUntil: (work: Promise<unknown>) => void waiting.push(work), passThroughOnException: () => undefined, props: {} };
    const response = await app.request(`${ORIGIN}/private`, { headers: { cookie: browser.cookie } }, {}, context);
    expect(response.headers.get("session-deadlines")).toMatch(/^idle=1500,/);
    expect(waiting).toHaveLength(1);
    await Promise.all(waiting);
    // The session, and beside it whether everything was revoked in the last minutes.
    expect(calls).toEqual(["read", "read", "touch"]);
    expect((await browser.get("/session")).headers.get("session-deadlines")).toMatch(/^idle=1800,/);
    clock.advance(5 * MINUTE);
    // Without one it is awaited, and counts.
    expect((await browser.get("/private")).headers.get("session-deadlines")).toMatch(/^idle=1800,/);
  });

  it("[J02] [J06] problems are problem+json without a stack; 401 names its scheme", async () => {
    const { app } = world();
    const response = await app.request(`${ORIGIN}/private`);
    expect(response.status).toBe(401);
    expect(response.headers.get("content-type")).toBe("application/problem+json");
    expect(response.headers.get("www-authenticate")).toMatch(/^Session /);
    expect(await response.json()).toEqual({ type: "urn:holdfast:problem:expired", title: "There is no session", status: 401, code: "expired" });
  });

  it("[J03] a credential that was never issued, one long gone and none at all get the same answer", async () => {
    const { app, clock } = world();
    const browser = await signedIn(app);
    clock.advance(60 * MINUTE);
    const answer = async (cookie: string) => {
      const response = await app.request(`${ORIGIN}/private`, { headers: cookie ? { cookie } : {} });
      return [response.status, await response.text()];
    };
    const gone = await answer(browser.cookie);
    expect(await answer("")).toEqual(gone);
    expect(await answer(`__Host-sid-a=${"x".repeat(95)}`)).toEqual(gone);
  });

  it("[A10] credentials in the URL or the body are not looked at", async () => {
    const { app } = world();
    const browser = await signedIn(app);
    const [[name = "", value = ""] = []] = browser.jar;
    expect((await app.request(`${ORIGIN}/private?${name}=${value}`)).status).toBe(401);
    const response = await app.request(`${ORIGIN}/cart`, { method: "POST", headers: { "content-type": "application/x-www-form-urlencoded" }, body: `${name}=${value}` });
    expect(response.headers.getSetCookie()[0]).not.toContain(value);
  });

  it("[B13] [B14] over a real socket each cookie has a Set-Cookie line of its own", async () => {
    const { app } = world();
    const server = serve({ fetch: app.fetch, port: 0, hostname: "127.0.0.1" });
    await new Promise((resolve) => server.once("listening", resolve));
    const { port } = server.address() as AddressInfo;
    const send = (path: string, cookie: string[] = []) =>
      new Promise<string[]>((resolve, reject) => {
        const req = httpRequest({ port, host: "127.0.0.1", path, method: "POST", headers: { "sec-fetch-site": "same-origin", ...(cookie.length > 0 ? { cookie } : {}) } }, (res) => {
          res.resume();
          res.on("end", () => resolve(res.rawHeaders.filter((_, i) => res.rawHeaders[i - 1]?.toLowerCase() === "set-cookie")));
        });
        req.on("error", reject);
        req.end();
      });
    try {
      const [first = ""] = await send("/sign-in");
      // Two Cookie fields in the request, two Set-Cookie fields in the answer.
      const lines = await send("/sign-in", ["other=1", first.split(";")[0] ?? ""]);
      expect(lines).toHaveLength(2);
      for (const line of lines) expect(line.match(/__Host-sid-/g)).toHaveLength(1);
    } finally {
      await new Promise((resolve) => server.close(resolve));
    }
  });
});

describe("the routes", () => {
  it("GET /session shows the view, also of nobody, and never counts as activity", async () => {
    const { app, clock } = world();
    expect(await (await app.request(`${ORIGIN}/session`)).json()).toEqual({ state: "none" });
    const browser = await signedIn(app);
    for (let i = 0; i < 2; i++) {
      clock.advance(14 * MINUTE);
      expect(await (await browser.get("/session")).json()).toMatchObject({ state: "active", idleIn: (16 - 14 * i) * 60 });
    }
    clock.advance(2 * MINUTE);
    expect(await (await browser.get("/session")).json()).toEqual({ state: "none", ended: "idle" });
  });

  it("[C07] [H13] refresh and marked traffic do not slide idle; touch does, and always writes", async () => {
    const { app, clock, calls } = world();
    const browser = await signedIn(app);
    clock.advance(10 * MINUTE);
    expect(await (await browser.post("/session/refresh")).json()).toMatchObject({ idleIn: 1200 });
    await browser.get("/", { "session-activity": "none" });
    expect(await (await browser.get("/session")).json()).toMatchObject({ idleIn: 1200 });
    calls.length = 0;
    expect(await (await browser.post("/session/touch")).json()).toMatchObject({ idleIn: 1800 });
    expect(await (await browser.post("/session/touch")).json()).toMatchObject({ idleIn: 1800 });
    expect(calls.filter((verb) => verb === "touch" || verb === "update")).toHaveLength(2);
    expect((await new Browser(app).post("/session/touch")).status).toBe(401);
  });

  it("refresh is a ratchet step where policy allows one; bearer clients get the credential in the body", async () => {
    const { app, clock, sessions } = world();
    const browser = await signedIn(app);
    expect((await browser.post("/session/refresh")).headers.getSetCookie()).toEqual([]);
    clock.advance(2 * MINUTE);
    const refreshed = await browser.post("/session/refresh");
    expect(refreshed.headers.getSetCookie()).toHaveLength(1);
    expect(await refreshed.json()).not.toHaveProperty("credential");
    const { credential } = await sessions.issue("ada");
    clock.advance(2 * MINUTE);
    const bearer = await app.request(`${ORIGIN}/session/refresh`, { method: "POST", headers: { authorization: `Bearer ${credential.reveal()}` } });
    expect(bearer.headers.getSetCookie()).toEqual([]);
    expect(await bearer.json()).toMatchObject({ state: "active", credential: expect.stringMatching(/^[\w-]{96}$/) });
  });

  it("[D01] [D03] [D04] logout ends on the server, needs POST, is idempotent, clears cookies and storage", async () => {
    const { app } = world();
    const browser = await signedIn(app);
    const captured = browser.copy();
    expect((await browser.get("/session/logout")).status).toBe(404);
    expect((await captured.get("/private")).status).toBe(200);
    const response = await browser.post("/session/logout", {});
    expect(response.status).toBe(204);
    expect(response.headers.get("cache-control")).toBe("no-store");
    expect(response.headers.get("clear-site-data")).toBe('"storage"');
    expect(browser.jar.size).toBe(0);
    expect((await captured.get("/private")).status).toBe(401);
    expect((await captured.post("/session/logout")).status).toBe(204);
    expect(captured.jar.size).toBe(0);
    expect((await browser.post("/session/logout")).status).toBe(204);
  });

  it("[D01] [B15] logout of a request whose cookie came twice ends whatever it was", async () => {
    const { app } = world();
    const [browser, planted] = [await signedIn(app), await signedIn(app)];
    const [name = ""] = browser.jar.keys();
    const twice = new Browser(app);
    twice.jar.set(name, [...browser.jar.values(), ...planted.jar.values()].join(`; ${name}=`));
    expect((await twice.get("/private")).status).toBe(401);
    expect((await browser.get("/private")).status).toBe(200);
    expect((await twice.post("/session/logout")).status).toBe(204);
    expect(twice.jar.size).toBe(0);
    for (const each of [browser, planted]) expect((await each.get("/private")).status).toBe(401);
  });

  it("[D05] logout of the others, and of all", async () => {
    const { app } = world();
    const [a, b, c] = [await signedIn(app), await signedIn(app), await signedIn(app)];
    expect((await a.post("/session/logout", { scope: "others" })).status).toBe(204);
    expect((await a.get("/private")).status).toBe(200);
    expect((await b.get("/private")).status).toBe(401);
    const d = await signedIn(app);
    expect((await a.post("/session/logout", { scope: "all" })).status).toBe(204);
    for (const browser of [a, c, d]) expect((await browser.get("/private")).status).toBe(401);
    expect((await a.post("/session/logout", { scope: "world" })).status).toBe(400);
    expect((await a.post("/session/logout", { scope: "x".repeat(2000) })).status).toBe(400);
  });

  it("[D07] the device list shows and ends the owner's sessions, nobody else's, and no secret", async () => {
    const { app, sessions } = world();
    const [mine, other] = [await signedIn(app), await signedIn(app)];
    const foreign = await sessions.issue("grace");
    const { devices } = (await (await mine.get("/session/devices")).json()) as { devices: { id: string; current: boolean }[] };
    expect(devices).toHaveLength(2);
    expect(JSON.stringify(devices)).not.toContain([...mine.jar.values()][0]?.slice(32));
    const second = devices.find(({ current }) => !current)?.id ?? "";
    expect((await mine.send("DELETE", `/session/devices/${second}`)).status).toBe(204);
    expect((await other.get("/private")).status).toBe(401);
    for (const id of [foreign.state.id, "nonsense", "%00", second.slice(1)]) expect((await mine.send("DELETE", `/session/devices/${id}`)).status).toBe(404);
    expect(await sessions.get(foreign.state.id)).not.toBeNull();
    expect((await new Browser(app).get("/session/devices")).status).toBe(401);
  });

  it("[D09] requireFresh wants a recent authentication of the right kind", async () => {
    const { app, clock } = world();
    const browser = await signedIn(app);
    expect((await new Browser(app).get("/admin")).status).toBe(401);
    const weak = await browser.get("/admin");
    expect(weak.status).toBe(403);
    expect(await weak.json()).toMatchObject({ code: "fresh_required", maxAge: 300, acr: "step-up" });
    await browser.post("/elevate");
    expect((await browser.get("/admin")).status).toBe(200);
    clock.advance(5 * MINUTE + 1);
    expect((await browser.get("/admin")).status).toBe(403);
  });

  it("a straggler of a replaced credential is told to retry, and cannot sign the new one out", async () => {
    const { app } = world();
    const browser = await signedIn(app);
    const old = browser.copy();
    await browser.post("/elevate");
    await browser.get("/private");
    for (const path of ["/session/touch", "/session/refresh", "/session/logout"]) {
      const response = await old.post(path);
      expect(response.status).toBe(401);
      expect(await response.json()).toMatchObject({ code: "superseded" });
    }
    expect(await (await old.post("/cart")).json()).toMatchObject({ code: "superseded" });
    // The view too: "nobody is signed in" would be the end of it for the page that asks.
    const view = await old.get("/session");
    expect([view.status, await view.json()]).toEqual([401, expect.objectContaining({ code: "superseded" })]);
    expect(view.headers.getSetCookie()).toEqual([]);
    expect((await browser.get("/private")).status).toBe(200);
  });

  it("while keys roll out an unknown key is 503 without a cookie", async () => {
    const { app } = world();
    const browser = await signedIn(app);
    const other = world({ core: { keys: { ...keys, keys: [{ id: 2, secret: Buffer.alloc(32, 9).toString("base64url"), state: "active", since: 0 }] } } });
    for (const path of ["/private", "/session"]) {
      const response = await other.app.request(ORIGIN + path, { headers: { cookie: browser.cookie, "sec-fetch-mode": "navigate" } });
      expect(response.status).toBe(503);
      expect(response.headers.getSetCookie()).toEqual([]);
    }
    expect(other.calls).toEqual([]);
  });
});

describe("binding signals", () => {
  it("[I19] [I20] a suspect session is not fresh until the person signs in again; the address comes from the socket or a trusted proxy", async () => {
    const { app, events } = world({
      session: { address: (c) => getConnInfo(c).remote.address },
      core: { signals: createSignals({ keys, ip: "elevate", trustedProxies: ["127.0.0.1"] }) },
    });
    const server = serve({ fetch: app.fetch, port: 0, hostname: "127.0.0.1" });
    await new Promise((resolve) => server.once("listening", resolve));
    const { port } = server.address() as AddressInfo;
    const jar = new Map<string, string>();
    const send = async (method: string, path: string, forwarded?: string): Promise<number> => {
      const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join("; ");
      const headers = { cookie, "sec-fetch-site": "same-origin", ...(forwarded === undefined ? {} : { "x-forwarded-for": forwarded }) };
      const response = await fetch(`http://127.0.0.1:${port}${path}`, { method, headers, redirect: "manual" });
      for (const header of response.headers.getSetCookie()) {
        const [pair = ""] = header.split(";");
        jar.set(pair.slice(0, pair.indexOf("=")), pair.slice(pair.indexOf("=") + 1));
      }
      await response.body?.cancel();
      return response.status;
    };
    await send("POST", "/sign-in", "198.51.100.1");
    expect(await send("GET", "/fresh", "9.9.9.9, 198.51.100.2")).toBe(200);
    expect(await send("GET", "/fresh", "198.51.100.1, 203.0.113.1")).toBe(403);
    expect(await send("GET", "/private", "203.0.113.1")).toBe(200);
    expect(await send("GET", "/fresh")).toBe(403);
    await send("POST", "/elevate", "203.0.113.1");
    expect(await send("GET", "/fresh", "203.0.113.1")).toBe(200);
    expect(events.some(({ type }) => type === "session_signal_changed")).toBe(true);
    await new Promise((resolve) => server.close(resolve));
  });
});
