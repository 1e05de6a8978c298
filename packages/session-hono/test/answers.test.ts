import { describe, expect, it } from "vitest";
import { corsOptions } from "../src/index.ts";
import { Browser, MINUTE, ORIGIN, signedIn, world } from "./support.ts";
import { cors } from "hono/cors";

const PUBLIC = { "cache-control": "public, max-age=600" };

describe("what an answer says to caches", () => {
  it("[J01] an early commit puts no deadlines on an answer made public afterwards", async () => {
    const { app } = world();
    app.get("/early", async (c) => {
      await c.var.session.commit();
      return c.text("x", 200, PUBLIC);
    });
    const browser = await signedIn(app);
    const response = await browser.get("/early");
    expect(response.headers.get("cache-control")).toBe(PUBLIC["cache-control"]);
    expect(response.headers.has("session-deadlines")).toBe(false);
    expect(response.headers.get("vary")).toBe("Cookie, Authorization");
  });

  it("[J01] fields for one kind of cache count too, and a sign-in takes them back", async () => {
    const { app, clock } = world();
    const cdn = { "cache-control": "no-cache", "cdn-cache-control": "max-age=600", "surrogate-control": "max-age=600" };
    app.get("/cdn", (c) => c.text("x", 200, cdn));
    app.post("/cdn", (c) => {
      c.var.session.start("ada");
      return c.text("x", 200, cdn);
    });
    const browser = await signedIn(app);
    clock.advance(11 * MINUTE);
    const kept = await browser.get("/cdn");
    expect([kept.headers.getSetCookie(), kept.headers.has("session-deadlines"), kept.headers.get("cdn-cache-control")]).toEqual([[], false, "max-age=600"]);
    const { headers } = await new Browser(app).post("/cdn");
    expect(headers.getSetCookie()).toHaveLength(1);
    expect([headers.get("cache-control"), headers.get("cdn-cache-control"), headers.get("surrogate-control")]).toEqual(["no-store", null, null]);
  });

  it("[J01] data that cannot be written make an answer that no cache keeps, and the page may read it", async () => {
    const { app } = world({ before: (inner) => inner.use(cors(corsOptions(["https://spa.test"]))), csrf: { origins: ["https://spa.test", ORIGIN] } });
    app.post("/big", (c) => {
      c.var.session.update(() => ({ cart: [1n as never] }));
      return c.text("ok", 200, PUBLIC);
    });
    const response = await (await signedIn(app)).post("/big", undefined, { origin: "https://spa.test" });
    expect(response.ok).toBe(false);
    expect(response.headers.get("cache-control")).toBe("no-store");
    expect(response.headers.get("access-control-allow-origin")).toBe("https://spa.test");
  });

  it("one response object for everybody carries nobody's cookie to the next", async () => {
    const { app, clock } = world();
    const shared = new Response(null, { status: 204 });
    app.get("/shared", () => shared);
    const browser = await signedIn(app);
    clock.advance(11 * MINUTE);
    expect((await browser.get("/shared")).headers.getSetCookie()).toHaveLength(1);
    expect((await new Browser(app).get("/shared")).headers.getSetCookie()).toEqual([]);
  });

  it("a switch of protocols is passed on as it is", async () => {
    const { app, clock } = world();
    const upgrade = Object.defineProperty(Response.redirect(`${ORIGIN}/`), "status", { value: 101 });
    app.get("/socket", () => upgrade);
    const browser = await signedIn(app);
    expect(await browser.get("/socket")).toBe(upgrade);
    clock.advance(11 * MINUTE);
    expect(await browser.get("/socket")).toBe(upgrade);
  });
});

describe("handlers that fail", () => {
  it("a sign-out stands when what is thrown is no Error, which Hono does not answer", async () => {
    const { app } = world();
    app.post("/out", (c) => {
      c.var.session.end();
      throw "nope";
    });
    app.post("/in", (c) => {
      c.var.session.update(() => ({ cart: ["ghost"] }));
      throw "nope";
    });
    const browser = await signedIn(app);
    await expect(browser.post("/in")).rejects.toBe("nope");
    expect(await (await browser.get("/private")).json()).toEqual({ subject: "ada", cart: [] });
    await expect(browser.post("/out")).rejects.toBe("nope");
    expect((await browser.get("/private")).status).toBe(401);
  });
});

describe("bearer clients", () => {
  const bearer = (credential: string) => ({ headers: { authorization: `Bearer ${credential}` } });

  it("a sign-in or step-up whose new credential would be lost fails loudly, and the session goes on as it was", async () => {
    const { app, sessions } = world();
    const { credential } = await sessions.issue("ada");
    for (const path of ["/sign-in", "/elevate"]) {
      const response = await app.request(ORIGIN + path, { method: "POST", ...bearer(credential.reveal()) });
      expect([response.status, response.headers.get("cache-control")], path).toEqual([500, "no-store"]);
      expect(await response.text()).toContain("await session.commit()");
    }
    expect((await app.request(`${ORIGIN}/private`, bearer(credential.reveal()))).status).toBe(200);
    expect(await sessions.list("ada")).toHaveLength(1);
  });

  it("[A06] a handler that commits hands it out; only the new one has the new rights", async () => {
    const { app, sessions } = world();
    app.post("/api/step-up", async (c) => {
      c.var.session.elevate({ acr: "step-up", reauthenticated: true });
      return c.json({ credential: (await c.var.session.commit()).credential?.reveal() });
    });
    const old = (await sessions.issue("ada")).credential.reveal();
    const { credential } = (await (await app.request(`${ORIGIN}/api/step-up`, { method: "POST", ...bearer(old) })).json()) as { credential: string };
    // Whoever has a copy of the old one gets no new rights with it, nor by asking for a renewal.
    const refreshed = (await (await app.request(`${ORIGIN}/session/refresh`, { method: "POST", ...bearer(old) })).json()) as { credential?: string };
    for (const copy of [old, refreshed.credential ?? old]) expect((await app.request(`${ORIGIN}/admin`, bearer(copy))).status).toBe(403);
    expect((await app.request(`${ORIGIN}/admin`, bearer(credential))).status).toBe(200);
    expect(await (await app.request(`${ORIGIN}/private`, bearer(old))).json()).toMatchObject({ code: "superseded" });
  });
});
