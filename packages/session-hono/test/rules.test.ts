import { HoldfastError } from "@holdfast/session-core";
import { describe, expect, it } from "vitest";
import { holdfastErrorHandler, problemOf, requireFresh, requireSession } from "../src/index.ts";
import { Browser, type Data, MINUTE, ORIGIN, signedIn, world } from "./support.ts";

// Each of these was written because the code could be broken in one place without a test of that row noticing.

describe("what a response gives away", () => {
  it("[A10] no credential in the address of a redirect, and none taken from one", async () => {
    const { app, sessions } = world();
    const response = await new Browser(app).post("/sign-in");
    expect(response.headers.get("location")).toBe("/");
    const { credential } = await sessions.issue("ada");
    expect((await app.request(`${ORIGIN}/private`, { headers: { authorization: `Bearer ${credential.reveal()}` } })).status).toBe(200);
    const browser = await signedIn(app);
    const [[name = "", value = ""] = []] = browser.jar;
    for (const query of [`access_token=${credential.reveal()}`, `token=${credential.reveal()}`, `${name}=${value}`, `authorization=Bearer%20${credential.reveal()}`]) {
      expect((await app.request(`${ORIGIN}/private?${query}`)).status).toBe(401);
      expect((await app.request(`${ORIGIN}/private?${query}`, { headers: { referer: `${ORIGIN}/?${query}` } })).status).toBe(401);
    }
  });

  it("[J01] the view and the device list are not kept, also without a cookie; a cacheable page clears none", async () => {
    const { app, clock } = world();
    const browser = await signedIn(app);
    for (const path of ["/session", "/session/devices"]) {
      const response = await browser.get(path);
      expect(response.headers.getSetCookie()).toEqual([]);
      expect(response.headers.get("cache-control")).toBe("no-store");
    }
    expect((await app.request(`${ORIGIN}/session`)).headers.get("cache-control")).toBe("no-store");
    clock.advance(60 * MINUTE);
    const page = await browser.get("/cached", { "sec-fetch-mode": "navigate" });
    expect(page.headers.getSetCookie()).toEqual([]);
    expect(page.headers.get("cache-control")).toBe("public, max-age=60");
  });

  it("[J02] no problem document tells a cause, a stack, a query or a body", async () => {
    const cause = new Error("connect ECONNREFUSED 10.0.0.1 password=hunter2");
    for (const code of ["unavailable", "store_full", "conflict", "rejected", "limit_reached", "data_too_large", "no_session", "sign_in_revoked", "invalid_data"] as const) {
      const response = problemOf(Object.assign(new HoldfastError(code, "message of the core"), { cause }));
      expect(response.headers.get("content-type")).toBe("application/problem+json");
      const text = await response.text();
      expect(JSON.parse(text)).toMatchObject({ type: expect.stringMatching(/^urn:holdfast:problem:/), title: expect.any(String), status: response.status });
      for (const secret of ["hunter2", "ECONNREFUSED", "    at ", ".ts", "message of the core"]) expect(text).not.toContain(secret);
    }
    const { app } = world();
    const browser = await signedIn(app);
    const bad = await browser.send("POST", "/session/logout?q=hunter2", { headers: { "content-type": "application/json" }, body: "{hunter3" });
    expect(bad.status).toBe(400);
    const foreign = await browser.send("POST", "/session/logout?q=hunter2", { headers: { "sec-fetch-site": "cross-site" }, body: "hunter3" });
    expect(foreign.status).toBe(403);
    for (const response of [bad, foreign]) expect(await response.text()).not.toContain("hunter");
  });

  it("[J02] data that would be too large are 413, where the handler throws it and where the commit does; nothing is written", async () => {
    for (const lazy of [false, true]) {
      const { app, sessions } = world({ core: { maxDataBytes: 20 }, session: { lazy } });
      const browser = await signedIn(app);
      expect((await browser.post("/cart")).status).toBe(200);
      expect((await browser.post("/cart")).status).toBe(200);
      const response = await browser.post("/cart");
      expect([response.status, response.headers.get("cache-control")]).toEqual([413, "no-store"]);
      expect(await response.json()).toMatchObject({ type: "urn:holdfast:problem:data_too_large", code: "data_too_large", status: 413, title: expect.any(String) });
      expect((await sessions.list("ada")).map(({ data }) => data)).toEqual([{ cart: ["x", "x"] }]);
    }
  });

  it("[J03] unknown, forged, expired, signed out and revoked: one answer", async () => {
    const { app, clock, sessions } = world();
    const [idle, out, revoked] = [await signedIn(app), await signedIn(app), await signedIn(app)];
    const leave = out.copy();
    await out.post("/session/logout");
    const [{ id } = { id: undefined }] = (await sessions.list("ada")).slice(0, 1);
    if (id === undefined) return expect.unreachable();
    const answer = async (cookie: string) => {
      const response = await app.request(`${ORIGIN}/private`, { headers: cookie === "" ? {} : { cookie } });
      return { status: response.status, headers: Object.fromEntries(response.headers), body: await response.text() };
    };
    const nobody = await answer("");
    expect(await answer(leave.cookie)).toEqual(nobody);
    await sessions.revokeAll("ada");
    expect(await answer(revoked.cookie)).toEqual(nobody);
    const late = await signedIn(app);
    clock.advance(31 * MINUTE);
    expect(await answer(late.cookie)).toEqual(nobody);
    clock.advance(24 * 60 * MINUTE);
    expect(await answer(idle.cookie)).toEqual(nobody);
    expect(await answer(idle.cookie.replace(/.$/, (last) => (last === "A" ? "B" : "A")))).toEqual(nobody);
    expect(nobody.status).toBe(401);
  });

  it("[J06] every 401 names its scheme, the one for a replaced credential too", async () => {
    const { app } = world();
    const browser = await signedIn(app);
    const old = browser.copy();
    await browser.post("/elevate");
    await browser.get("/private");
    for (const response of [await old.get("/private"), await old.post("/session/logout"), await app.request(`${ORIGIN}/private`), await new Browser(app).post("/session/touch")]) {
      expect(response.status).toBe(401);
      expect(response.headers.get("www-authenticate")).toMatch(/^Session error="(?:superseded|expired)"$/);
    }
  });
});

describe("ending and asking again", () => {
  it("[A08] a guest is nobody to a guard, whatever its data say", async () => {
    const { app } = world();
    const guest = new Browser(app);
    await guest.post("/cart");
    expect(guest.jar.size).toBe(1);
    expect((await guest.get("/private")).status).toBe(401);
    expect((await guest.get("/admin")).status).toBe(401);
  });

  it("[D03] [D04] another site cannot sign anybody out, and nobody's sign-out is not kept either", async () => {
    const { app } = world();
    const browser = await signedIn(app);
    expect((await browser.post("/session/logout", {}, { "sec-fetch-site": "cross-site" })).status).toBe(403);
    expect((await browser.get("/private")).status).toBe(200);
    const response = await new Browser(app).post("/session/logout");
    expect(response.status).toBe(204);
    expect(response.headers.getSetCookie()).toEqual([]);
    expect(response.headers.get("cache-control")).toBe("no-store");
  });

  it("[D07] a device has an id, a label, when it came and when it was last seen, and nothing else", async () => {
    const { app, clock, sessions } = world();
    const browser = await signedIn(app);
    clock.advance(10 * MINUTE);
    await browser.get("/");
    clock.advance(MINUTE);
    const { state } = await sessions.issue("ada", {}, { device: "Phone" });
    clock.advance(MINUTE);
    const { devices } = (await (await browser.get("/session/devices")).json()) as { devices: Record<string, unknown>[] };
    expect(devices.find(({ current }) => current === false)).toMatchObject({ id: state.id, current: false, label: "Phone", createdAgo: 60, seenAgo: 60 });
    const mine = devices.find(({ current }) => current === true);
    expect(mine).toMatchObject({ label: null, createdAgo: 720, seenAgo: 120 });
    expect(Object.keys(mine ?? {}).sort()).toEqual(["createdAgo", "current", "id", "label", "seenAgo"]);
  });

  it("[D09] all methods are needed, not one of them", async () => {
    const { app, sessions } = world();
    app.onError(holdfastErrorHandler((error, c) => c.text(error.message, 500)));
    app.get("/vault", requireSession<Data>(), requireFresh<Data>({ maxAge: 10 ** 12, amr: ["pwd", "otp"] }), (c) => c.text("vault"));
    const visit = async (amr: string[]) => {
      const { credential } = await sessions.issue("ada", {}, { amr });
      return (await app.request(`${ORIGIN}/vault`, { headers: { authorization: `Bearer ${credential.reveal()}` } })).status;
    };
    expect(await visit(["otp", "pwd", "x"])).toBe(200);
    for (const amr of [[], ["pwd"], ["otp"], ["otp", "otp"]]) expect(await visit(amr)).toBe(403);
  });
});
