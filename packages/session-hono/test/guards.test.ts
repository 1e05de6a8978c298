import { describe, expect, it } from "vitest";
import { requireFresh, requireSession } from "../src/index.ts";
import { Browser, type Data, keys, MINUTE, ORIGIN, signedIn, world } from "./support.ts";

describe("guards look at the session as it is now", () => {
  it("a session that middleware ended opens nothing, in the same request", async () => {
    const { app } = world();
    app.use("/members/*", async (c, next) => {
      c.var.session.end();
      await next();
    });
    app.get("/members/x", requireSession<Data>(), (c) => c.text(`secret of ${c.var.active.subject}`));
    app.get("/members/fresh", requireFresh<Data>(), (c) => c.text("secret"));
    for (const path of ["/members/x", "/members/fresh"]) {
      const browser = await signedIn(app);
      const response = await browser.get(path);
      expect([response.status, await response.json()]).toEqual([401, expect.objectContaining({ code: "expired" })]);
      expect(browser.jar.size).toBe(0);
    }
  });

  it("a sign-in by middleware passes, in the same request, with its rights", async () => {
    const { app } = world();
    app.use("/sso/*", async (c, next) => {
      if (c.var.session.state.kind === "none") c.var.session.start("ada", {}, { acr: "sso" });
      await next();
    });
    app.get("/sso/x", requireSession<Data>(), (c) => c.json([c.var.active.subject, c.var.active.acr]));
    expect(await (await new Browser(app).get("/sso/x")).json()).toEqual(["ada", "sso"]);
  });

  it("[M08] a login at the provider is as old as its auth_time says, however new the session that it began", async () => {
    const { app, clock } = world({ core: { policy: { freshFor: 10 * MINUTE } } });
    app.post("/callback", (c) => {
      c.var.session.start("ada", {}, { authenticatedAt: clock.now() - Number(c.req.query("age")) });
      return c.text("hello");
    });
    app.get("/transfer", requireFresh<Data>({ now: clock.now }), (c) => c.text("done"));
    const from = async (age: number): Promise<{ browser: Browser; response: Response }> => {
      const browser = new Browser(app);
      await browser.post(`/callback?age=${age}`);
      return { browser, response: await browser.get("/transfer") };
    };
    const old = await from(11 * MINUTE);
    expect([old.response.status, await old.response.json()]).toEqual([403, expect.objectContaining({ code: "fresh_required", maxAge: 600 })]);
    expect((await old.browser.get("/private")).status).toBe(200);
    const recent = await from(9 * MINUTE);
    expect(recent.response.status).toBe(200);
    clock.advance(MINUTE + 1);
    expect((await recent.browser.get("/transfer")).status).toBe(403);
    // A moment that has not come yet counts as now, and does not stay fresh for longer.
    const ahead = await from(-3 * MINUTE);
    clock.advance(10 * MINUTE + 1);
    expect((await ahead.browser.get("/transfer")).status).toBe(403);
  });

  it("requireFresh alone answers like requireSession: superseded is to be retried, an unknown key is an outage", async () => {
    const { app, clock } = world();
    const guard = requireFresh<Data>({ now: clock.now });
    app.get("/alone", guard, (c) => c.text("fresh"));
    const browser = await signedIn(app);
    const late = browser.copy();
    expect((await browser.get("/alone")).status).toBe(200);
    await browser.post("/elevate");
    await browser.get("/private");
    expect(await (await late.get("/alone")).json()).toMatchObject({ status: 401, code: "superseded", processed: false });
    expect(await (await new Browser(app).get("/alone")).json()).toMatchObject({ status: 401, code: "expired" });
    const other = world({ core: { keys: { ...keys, keys: [{ id: 2, secret: Buffer.alloc(32, 9).toString("base64url"), state: "active", since: 0 }] } } });
    other.app.get("/alone", guard, (c) => c.text("fresh"));
    expect((await other.app.request(`${ORIGIN}/alone`, { headers: { cookie: browser.cookie } })).status).toBe(503);
  });
});
