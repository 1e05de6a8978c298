import { createSessions, type Sessions } from "@holdfast/session-core";
import { createCsrfTokens } from "@holdfast/session-core/csrf";
import { createMemoryStore } from "@holdfast/session-core/memory";
import { Hono } from "hono";
import { describe, expect, it } from "vitest";
import { requireSession, session, type SessionEnv, sessionRoutes } from "../src/index.ts";
import { Browser, type Data, keys, MINUTE, signedIn, world } from "./support.ts";

/** A shop and, below `/admin`, its administration with sessions of its own. */
function realms(csrf = false) {
  const store = createMemoryStore();
  const tokens = csrf ? { csrf: createCsrfTokens({ keys }) } : {};
  const shop = createSessions<Data>({ store, keys, realm: "shop", initial: { cart: [] } });
  const admin = createSessions<Data>({ store, keys, realm: "admin", cookie: { name: "adm" }, initial: { cart: [] }, ...tokens });
  const app = new Hono<SessionEnv<Data>>();
  const seen: unknown[] = [];
  const signIn = (path: string, subject: string) =>
    app.post(path, (c) => {
      c.var.session.start(subject);
      return c.text("ok");
    });
  app.use(async (c, next) => {
    await next();
    seen.push(c.var.sessions === shop, c.var.session.state.kind, c.var.active);
  });
  app.use(session(shop));
  // Whoever shops is known from here on, also where an administrator is asked for.
  app.use("/admin/deep/*", requireSession<Data>());
  signIn("/sign-in", "mallory");
  app.use("/admin/*", session(admin));
  signIn("/admin/sign-in", "root");
  app.get("/admin/users", requireSession<Data>(), (c) => c.text(`hello admin ${c.var.active.subject}`));
  app.get("/admin/deep/who", (c) => c.json([c.var.session.state.kind, c.var.active ?? null]));
  app.post("/admin/both", (c) => {
    c.var.session.update(() => ({ cart: ["admin's"] }));
    return c.text("ok");
  });
  app.route("/admin/session", sessionRoutes(admin));
  app.route("/session", sessionRoutes(shop));
  return { app, shop, admin, seen, browser: new Browser(app) };
}

const subjects = async (sessions: Sessions<Data>, subject: string): Promise<number> => (await sessions.list(subject)).length;

describe("two sessions of different realms in one app", () => {
  it("the session of one opens no door of the other, lists nothing of it and ends nothing of it", async () => {
    const { browser, shop } = realms();
    await browser.post("/sign-in");
    expect((await browser.get("/admin/users")).status).toBe(401);
    expect((await browser.get("/admin/session/devices")).status).toBe(401);
    expect(await (await browser.get("/admin/session")).json()).toEqual({ state: "none" });
    expect((await browser.post("/admin/session/logout", { scope: "all" })).status).toBe(204);
    expect(await subjects(shop, "mallory")).toBe(1);
    expect(await (await browser.get("/session")).json()).toMatchObject({ state: "active", subject: "mallory" });
    expect(await (await browser.get("/admin/deep/who")).json()).toEqual(["none", null]);
  });

  it("each is opened, committed and answered for itself; outside the inner one the outer one is there again", async () => {
    const { browser, seen } = realms();
    await browser.post("/sign-in");
    const signIn = await browser.post("/admin/sign-in");
    expect(signIn.headers.getSetCookie().map((line) => line.split("=")[0])).toEqual([expect.stringContaining("adm")]);
    expect(seen.slice(-3)).toEqual([true, "active", undefined]);
    const users = await browser.get("/admin/users");
    expect(await users.text()).toBe("hello admin root");
    const epoch = async (path: string): Promise<string> => ((await (await browser.get(path)).json()) as { epoch: string }).epoch;
    expect(users.headers.get("session-deadlines")).toContain(await epoch("/admin/session"));
    expect((await browser.get("/")).headers.get("session-deadlines")).toContain(await epoch("/session"));
    await browser.post("/admin/session/logout");
    expect((await browser.get("/admin/users")).status).toBe(401);
    expect(await (await browser.get("/session")).json()).toMatchObject({ subject: "mallory" });
  });

  it("CSRF tokens are those of the inner one's session", async () => {
    const { browser } = realms(true);
    await browser.post("/sign-in");
    const token = (await browser.post("/admin/sign-in")).headers.get("x-csrf-token") ?? "";
    expect((await browser.post("/admin/both")).status).toBe(403);
    expect((await browser.post("/admin/both", undefined, { "x-csrf-token": token })).status).toBe(200);
  });
});

describe("an instance of the same sessions further in", () => {
  it("[C07] `activity: false` counts: a polled route slides nothing", async () => {
    const { app, sessions, clock } = world();
    app.get("/poll", session(sessions, { activity: false }), (c) => c.text("x"));
    const browser = await signedIn(app);
    clock.advance(20 * MINUTE);
    await browser.get("/poll");
    clock.advance(15 * MINUTE);
    expect((await browser.get("/private")).status).toBe(401);
  });

  it("one that is not lazy reads what a lazy one has left", async () => {
    const { app, sessions, calls } = world({ session: { lazy: true } });
    app.get("/eager", session(sessions), (c) => c.text(c.var.session.state.kind));
    const browser = await signedIn(app);
    calls.length = 0;
    expect(await (await browser.get("/eager")).text()).toBe("active");
    expect(calls).toEqual(["read"]);
  });

  it("its `csrf` options count on top of the outer one's", async () => {
    const tokens = createCsrfTokens({ keys });
    const { app, sessions } = world({ core: { csrf: tokens }, session: { csrf: { exempt: ["/strict", "/loose"] } } });
    app.post("/strict", session(sessions, { csrf: {} }), (c) => c.text("ok"));
    app.post("/loose", session(sessions), (c) => c.text("ok"));
    const browser = await signedIn(app);
    expect((await browser.post("/loose")).status).toBe(200);
    expect((await browser.post("/strict")).status).toBe(403);
  });
});
