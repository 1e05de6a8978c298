import { createCsrfTokens } from "@holdfast/session-core/csrf";
import type { HoldfastError } from "@holdfast/session-core";
import { describe, expect, it } from "vitest";
import { type CsrfTokenOptions, protectSignIn, session } from "../src/index.ts";
import { Browser, keys, MINUTE, ORIGIN, signedIn, world, type World } from "./support.ts";

const tokens = createCsrfTokens({ keys });
const tokenWorld = (csrf?: CsrfTokenOptions, lazy = false): World => {
  const it = world({ core: { csrf: tokens }, session: { lazy, ...(csrf ? { csrf } : {}) } });
  it.app.get("/form", async (c) => {
    await c.var.session.load();
    return c.text(c.var.csrfToken());
  });
  it.app.post("/form", async (c) => {
    const { note } = await c.req.parseBody();
    c.var.session.update((data) => ({ cart: [...data.cart, String(note)] }));
    return c.text(String(note));
  });
  return it;
};
const tokenOf = async (browser: Browser): Promise<string> => (await browser.get("/form")).text();
const form = (body: string, type = "application/x-www-form-urlencoded") => ({ body, headers: { "content-type": type } });
const MODES: readonly NonNullable<CsrfTokenOptions["mode"]>[] = ["synchronizer", "double-submit"];

describe.each(MODES)("CSRF tokens, %s", (mode) => {
  it("[E07] a write with a session cookie needs the token of that session; reads and visitors do not", async () => {
    const { app } = tokenWorld({ mode });
    const browser = await signedIn(app);
    const refused = await browser.post("/cart");
    expect(refused.status).toBe(403);
    expect(await refused.json()).toMatchObject({ code: "csrf" });
    expect((await browser.post("/cart", undefined, { "x-csrf-token": await tokenOf(browser) })).status).toBe(200);
    expect((await browser.get("/private")).status).toBe(200);
    expect(await (await browser.get("/private")).json()).toEqual({ subject: "ada", cart: ["x"] });
    expect((await new Browser(app).post("/cart")).status).toBe(200);
    expect(await tokenOf(new Browser(app))).toBe("");
  });

  it("[E07] the token dies with the session: after sign-in, sign-out and revocation", async () => {
    const { app, sessions } = tokenWorld({ mode });
    const guest = new Browser(app);
    const added = await guest.post("/cart");
    const before = added.headers.get("x-csrf-token") ?? "";
    const elsewhere = guest.copy();
    const signIn = await guest.post("/sign-in", undefined, { "x-csrf-token": before });
    expect(signIn.status).toBe(302);
    expect((await guest.post("/cart", undefined, { "x-csrf-token": before })).status).toBe(403);
    const after = signIn.headers.get("x-csrf-token") ?? "";
    expect((await guest.post("/cart", undefined, { "x-csrf-token": after })).status).toBe(200);
    // The guest's own credential is dead too: its token opens nothing.
    expect((await elsewhere.post("/elevate", undefined, { "x-csrf-token": before })).status).toBe(401);
    await sessions.revokeAll("ada");
    expect((await guest.post("/elevate", undefined, { "x-csrf-token": after })).status).toBe(401);
  });

  it("[E08] a token of another session fails, also of the same user; so does none and garbage", async () => {
    const { app } = tokenWorld({ mode });
    const [mine, other] = [await signedIn(app), await signedIn(app)];
    const stolen = await tokenOf(other);
    for (const token of [stolen, "", "x", `${stolen}x`, stolen.slice(1), "A".repeat(67), "A".repeat(5000)]) {
      expect((await mine.post("/cart", undefined, { "x-csrf-token": token })).status, token).toBe(403);
    }
  });

  it("[E09] tokens count in the header and in form bodies, never in the query, a cookie or JSON", async () => {
    const { app } = tokenWorld({ mode });
    const browser = await signedIn(app);
    const token = await tokenOf(browser);
    for (const name of ["csrf_token", "x-csrf-token"]) {
      expect((await browser.post(`/cart?${name}=${token}`)).status).toBe(403);
      expect((await browser.post("/cart", undefined, { cookie: `${browser.cookie}; ${name}=${token}; __Host-csrf=${token}` })).status).toBe(403);
      expect((await browser.post("/cart", { [name]: token })).status).toBe(403);
    }
    expect((await browser.post(`/cart?csrf_token=${token}`, undefined, { cookie: `${browser.cookie}; csrf_token=${token}`, "x-csrf-token": token })).status).toBe(200);
    expect((await browser.send("POST", "/form", form(`csrf_token=${token}`, "text/plain"))).status).toBe(403);
  });

  it("a plain form carries the token in a field, and the handler still gets the form", async () => {
    const { app } = tokenWorld({ mode });
    const browser = await signedIn(app);
    const token = await tokenOf(browser);
    const response = await browser.send("POST", "/form", form(`note=rope&csrf_token=${token}`));
    expect([response.status, await response.text()]).toEqual([200, "rope"]);
    const parts = new FormData();
    parts.set("note", "lantern");
    parts.set("csrf_token", token);
    const request = new Request(`${ORIGIN}/form`, { method: "POST", body: parts, headers: { cookie: browser.cookie, "sec-fetch-site": "same-origin" } });
    expect(await (await app.request(request)).text()).toBe("lantern");
    expect((await browser.send("POST", "/form", form(`note=rope&other=${token}`))).status).toBe(403);
    expect((await browser.send("POST", "/form", form(`note=${"x".repeat(1 << 20)}&csrf_token=${token}`))).status).toBe(403);
    expect((await browser.send("POST", "/form", form("%%%=%&&&=")) ).status).toBe(403);
  });

  it("bearer clients need no token: nothing is sent by itself", async () => {
    const { app, sessions } = tokenWorld({ mode });
    const { credential } = await sessions.issue("ada");
    expect((await app.request(`${ORIGIN}/cart`, { method: "POST", headers: { authorization: `Bearer ${credential.reveal()}` } })).status).toBe(200);
    const browser = await signedIn(app);
    // A bearer token that is not ours leaves the cookie in force, and with it the check.
    expect((await browser.post("/cart", undefined, { authorization: "Bearer something-else" })).status).toBe(403);
  });

  it("the session routes ask for it, and hand it out on the view, touch and refresh", async () => {
    const { app } = tokenWorld({ mode });
    const browser = await signedIn(app);
    const { headers } = await browser.get("/session");
    expect(headers.get("cache-control")).toBe("no-store");
    const token = headers.get("x-csrf-token") ?? "";
    for (const path of ["/session/touch", "/session/refresh", "/session/logout"]) expect((await browser.post(path)).status, path).toBe(403);
    expect((await browser.send("DELETE", "/session/devices/x")).status).toBe(403);
    const touched = await browser.post("/session/touch", undefined, { "x-csrf-token": token });
    expect(touched.headers.get("x-csrf-token")).toMatch(/^[\w-]{67}$/);
    expect(touched.headers.get("x-csrf-token")).not.toBe(token);
    expect((await browser.post("/session/logout", undefined, { "x-csrf-token": token })).status).toBe(204);
    expect((await new Browser(app).get("/session")).headers.has("x-csrf-token")).toBe(false);
  });

  it("[E15] exemptions are a list of paths; report-only records and lets through", async () => {
    const seen: unknown[] = [];
    const browser = await signedIn(tokenWorld({ mode, exempt: ["/cart"] }).app);
    expect((await browser.post("/cart")).status).toBe(200);
    expect((await browser.post("/elevate")).status).toBe(403);
    const reported = await signedIn(tokenWorld({ mode, reportOnly: (refused) => seen.push(refused) }).app);
    expect((await reported.post("/cart")).status).toBe(200);
    expect(seen).toEqual([{ path: "/cart", why: "the CSRF token is missing or belongs to another session" }]);
  });

  it("of two credentials the token of the one that counts is asked for", async () => {
    const { app } = tokenWorld({ mode });
    const victim = await signedIn(app);
    const mine = await tokenOf(victim);
    // An attacker's later chain in the other cookie, dead by now, with its token: what a sibling site could plant where names have no prefix.
    const attacker = new Browser(app);
    await attacker.post("/cart");
    for (let i = 0; i < 2; i++) await attacker.post("/sign-in", undefined, { "x-csrf-token": await tokenOf(attacker) });
    const planted = await tokenOf(attacker);
    const both = victim.copy();
    for (const [name, value] of attacker.jar) both.jar.set(name, value);
    expect(both.jar.size).toBe(2);
    await attacker.post("/session/logout", undefined, { "x-csrf-token": planted });
    expect((await both.copy().post("/cart", undefined, { "x-csrf-token": planted })).status).toBe(403);
    expect((await both.post("/cart", undefined, { "x-csrf-token": mine })).status).toBe(200);
  });
});

describe("the two modes", () => {
  it("[E08] double submit refuses without a store call, synchronizer asks for the live session", async () => {
    const stateless = tokenWorld({ mode: "double-submit" }, true);
    const browser = await signedIn(stateless.app);
    stateless.calls.length = 0;
    expect((await browser.post("/cart")).status).toBe(403);
    expect(stateless.calls).toEqual([]);
    const stateful = tokenWorld(undefined, true);
    const other = await signedIn(stateful.app);
    stateful.calls.length = 0;
    expect((await other.post("/cart")).status).toBe(403);
    expect(stateful.calls).toEqual(["read"]);
  });

  it("a refused write is no activity and renews nothing", async () => {
    const { app, clock, calls } = tokenWorld();
    const browser = await signedIn(app);
    clock.advance(20 * MINUTE);
    calls.length = 0;
    const refused = await browser.post("/cart");
    expect(refused.headers.getSetCookie()).toEqual([]);
    expect(new Set(calls)).toEqual(new Set(["read"]));
    clock.advance(11 * MINUTE);
    expect((await browser.get("/private")).status).toBe(401);
  });

  it("[J04] a store outage is 503 here too", async () => {
    const it = tokenWorld();
    const browser = await signedIn(it.app);
    it.fail = new Error("down");
    expect((await browser.post("/cart")).status).toBe(503);
  });

  it("[B08] what does not fit together is refused at construction", () => {
    const off = world().sessions;
    const option = (work: () => unknown): string | undefined => {
      try {
        work();
        return undefined;
      } catch (error) {
        return (error as HoldfastError).option;
      }
    };
    expect(option(() => session(off, { csrf: {} }))).toBe("csrf");
    expect(option(() => protectSignIn(off))).toBe("csrf");
    expect(option(() => world({ core: { cookie: { sameSite: "none", allowCrossSite: true } } }))).toBe("csrf");
    // @ts-expect-error the naive mode does not exist
    expect(option(() => tokenWorld({ mode: "naive" }))).toBe("csrf.mode");
  });

  it("[B08] with SameSite=None tokens are checked without anybody asking for it", async () => {
    const { app } = world({ core: { csrf: tokens, cookie: { sameSite: "none", allowCrossSite: true } }, csrf: { origins: [ORIGIN, "https://embedder.test"] } });
    const browser = await signedIn(app);
    const embedded = { "sec-fetch-site": "cross-site", origin: "https://embedder.test" };
    expect((await browser.post("/cart", undefined, embedded)).status).toBe(403);
    const token = (await browser.get("/session")).headers.get("x-csrf-token") ?? "";
    expect((await browser.post("/cart", undefined, { ...embedded, "x-csrf-token": token })).status).toBe(200);
  });

  it("without tokens csrfToken() says so", async () => {
    const { app } = world();
    app.get("/form", (c) => c.text(c.var.csrfToken()));
    expect(await (await app.request(`${ORIGIN}/form`)).text()).toContain("CSRF tokens are off");
  });
});

describe("[E11] the sign-in form", () => {
  const signInWorld = (): World => {
    const it = world({ core: { csrf: tokens } });
    it.app.use("/login", protectSignIn(it.sessions, { now: it.clock.now }));
    it.app.get("/login", (c) => c.text(c.var.csrfToken()));
    it.app.post("/login", async (c) => {
      const { user = "ada" } = await c.req.parseBody();
      if (user !== "nobody") c.var.session.start(String(user));
      return c.text("welcome");
    });
    return it;
  };
  const login = (browser: Browser, token: string, user = "ada") => browser.send("POST", "/login", form(`user=${user}&csrf_token=${token}`));

  it("needs the pre-session cookie and its token; the sign-in takes the pre-session away", async () => {
    const { app } = signInWorld();
    const browser = new Browser(app);
    const shown = await browser.get("/login");
    const token = await shown.text();
    const [cookie = ""] = shown.headers.getSetCookie();
    expect(cookie).toMatch(/^__Host-sign-in=[\w.-]+; Path=\/; Max-Age=1800; HttpOnly; Secure; SameSite=Lax$/);
    expect(shown.headers.get("cache-control")).toBe("no-store");
    expect(shown.headers.get("x-csrf-token")).toBe(token);
    expect(cookie).not.toContain(token);
    expect((await login(browser.copy(), "")).status).toBe(403);
    expect((await login(new Browser(app), token)).status).toBe(403);
    expect((await login(browser, token, "nobody")).status).toBe(200);
    expect([...browser.jar.keys()]).toEqual(["__Host-sign-in"]);
    expect((await login(browser, token)).status).toBe(200);
    expect([...browser.jar.keys()]).toEqual([expect.stringMatching(/^__Host-sid-/)]);
    expect((await browser.get("/private")).status).toBe(200);
  });

  it("nobody else's form, cookie or session token does", async () => {
    const { app } = signInWorld();
    const [victim, attacker] = [new Browser(app), new Browser(app)];
    await victim.get("/login");
    const token = await (await attacker.get("/login")).text();
    expect((await login(victim, token)).status).toBe(403);
    const member = await signedIn(app);
    expect((await login(victim, (await member.get("/session")).headers.get("x-csrf-token") ?? "")).status).toBe(403);
    for (const value of ["", "x", "a.b.c", "..", `${"9".repeat(200)}`, token, `${token}.9999999999999.${token}`]) {
      victim.jar.set("__Host-sign-in", value);
      expect((await login(victim, token)).status, value).toBe(403);
    }
  });

  it("lasts half an hour from the last look, which keeps the forms of other tabs good", async () => {
    const { app, clock } = signInWorld();
    const browser = new Browser(app);
    const first = await (await browser.get("/login")).text();
    clock.advance(29 * MINUTE);
    await browser.get("/login");
    clock.advance(29 * MINUTE);
    expect((await login(browser.copy(), first)).status).toBe(200);
    clock.advance(MINUTE);
    expect((await login(browser, first)).status).toBe(403);
  });

  it("the expiry is the server's: a cookie with another one is none", async () => {
    const { app, clock } = signInWorld();
    const browser = new Browser(app);
    const token = await (await browser.get("/login")).text();
    const [nonce, expiry, signature] = (browser.jar.get("__Host-sign-in") ?? "").split(".");
    clock.advance(31 * MINUTE);
    browser.jar.set("__Host-sign-in", `${nonce}.${Number(expiry) + 60 * MINUTE}.${signature}`);
    expect((await login(browser, token)).status).toBe(403);
  });

  it("a guest signs in with the token of the guest session, and no row is made for a visitor", async () => {
    const { app, calls } = signInWorld();
    const visitor = new Browser(app);
    await visitor.get("/login");
    expect(calls).toEqual([]);
    const guest = new Browser(app);
    await guest.post("/cart");
    const shown = await guest.get("/login");
    expect(shown.headers.getSetCookie()).toEqual([]);
    expect((await login(guest.copy(), "")).status).toBe(403);
    expect((await login(guest, await shown.text())).status).toBe(200);
  });

  it("while keys roll out: 503 and no cookie", async () => {
    const { app } = signInWorld();
    const browser = await signedIn(app);
    const [[name = "", value = ""] = []] = browser.jar;
    const bytes = Buffer.from(value, "base64url");
    bytes[20] = 9;
    browser.jar.set(name, bytes.toString("base64url"));
    for (const response of [await browser.get("/login"), await login(browser, "x")]) {
      expect(response.status).toBe(503);
      expect(response.headers.getSetCookie()).toEqual([]);
    }
  });
});
