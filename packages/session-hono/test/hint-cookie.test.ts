import { describe, expect, it } from "vitest";
import { Browser, keys, MINUTE, signedIn, world, type World } from "./support.ts";

const HINT = "__Host-sid-hint";
const hinted = (options: Parameters<typeof world>[0] = {}): World => world({ ...options, core: { ...options.core, cookie: { hint: true } } });
const lines = (response: Response): string[] => response.headers.getSetCookie().filter((line) => line.startsWith(`${HINT}=`));
const handle = async (browser: Browser): Promise<unknown> => ((await (await browser.get("/session")).json()) as { epoch?: string }).epoch;

describe("the hint cookie", () => {
  it("is not there unless asked for", async () => {
    const browser = await signedIn(world().app);
    expect([...browser.jar.keys()]).toEqual([expect.stringMatching(/^__Host-sid-\w$/)]);
  });

  it("says which session is there, to scripts too, and grants nothing", async () => {
    const { app } = hinted();
    const browser = new Browser(app);
    const [line = ""] = lines(await browser.post("/sign-in"));
    expect(line).toBe(`${HINT}=${await handle(browser)}; Path=/; Secure; SameSite=Lax`);
    const stolen = new Browser(app);
    stolen.jar.set(HINT, browser.jar.get(HINT) ?? "");
    expect((await stolen.get("/private")).status).toBe(401);
  });

  it("has the Max-Age of a cookie that was asked to stay", async () => {
    const it = hinted({ core: { policy: { remember: { idle: 60 * MINUTE, absolute: 600 * MINUTE } } } });
    it.app.post("/remember", (c) => {
      c.var.session.start("ada", {}, { remember: true });
      return c.text("in");
    });
    expect(lines(await new Browser(it.app).post("/remember"))).toEqual([expect.stringContaining("; Max-Age=36000")]);
  });

  it("ordinary requests and renewals set nothing", async () => {
    const { app, clock } = hinted();
    const browser = await signedIn(app);
    expect((await browser.get("/private")).headers.getSetCookie()).toEqual([]);
    expect((await new Browser(app).get("/")).headers.getSetCookie()).toEqual([]);
    clock.advance(11 * MINUTE);
    const renewed = await browser.get("/");
    expect(renewed.headers.getSetCookie()).toHaveLength(1);
    expect(lines(renewed)).toEqual([]);
  });

  it("is another one after a sign-in, and gone after a sign-out", async () => {
    const { app } = hinted();
    const browser = new Browser(app);
    await browser.post("/cart");
    const guest = browser.jar.get(HINT);
    expect(guest).toBe(await handle(browser));
    await browser.post("/sign-in");
    expect(browser.jar.get(HINT)).not.toBe(guest);
    const [line = ""] = lines(await browser.post("/session/logout"));
    expect(line).toMatch(/^__Host-sid-hint=; Path=\/; Secure; SameSite=Lax; Max-Age=0; Expires=Thu, 01 Jan 1970/);
    expect(browser.jar.size).toBe(0);
  });

  it.each([
    ["a page", "/", {}],
    ["the session routes", "/session", {}],
    ["a guard of a lazy session", "/private", { lazy: true }],
  ])("goes with the first answer that finds the session revoked: %s", async (_where, path, session) => {
    const it = hinted({ session });
    const browser = await signedIn(it.app);
    await it.sessions.revokeAll("ada");
    const response = await browser.get(path);
    expect(lines(response)).toHaveLength(1);
    expect(response.headers.get("cache-control")).toBe("no-store");
    expect(browser.jar.has(HINT)).toBe(false);
    // The credential stays until a navigation, as always; the hint is not deleted twice.
    expect(lines(await browser.get(path))).toEqual([]);
  });

  it("comes back when a late answer has deleted it, and to sessions from before it was switched on", async () => {
    const browser = await signedIn(hinted().app);
    const before = browser.jar.get(HINT);
    browser.jar.delete(HINT);
    await browser.get("/");
    expect(browser.jar.get(HINT)).toBe(before);
    browser.jar.set(HINT, "of-another-session");
    await browser.get("/");
    expect(browser.jar.get(HINT)).toBe(before);
  });

  it("stays as it is where nothing is known: superseded, an unknown key, a lazy session nobody read, an answer for caches, a bearer client", async () => {
    const lazy = hinted({ session: { lazy: true } });
    const unread = await signedIn(lazy.app);
    await lazy.sessions.revokeAll("ada");
    expect((await unread.get("/")).headers.getSetCookie()).toEqual([]);
    const fresh = hinted();
    const user = await signedIn(fresh.app);
    const late = user.copy();
    await user.post("/sign-in");
    expect((await late.get("/private")).status).toBe(401);
    expect(late.jar.has(HINT)).toBe(true);
    user.jar.delete(HINT);
    expect((await user.get("/cached")).headers.getSetCookie()).toEqual([]);
    const { credential } = await fresh.sessions.issue("ada");
    const bearer = await new Browser(fresh.app).get("/private", { authorization: `Bearer ${credential.reveal()}`, cookie: `${HINT}=x` });
    expect([bearer.status, bearer.headers.getSetCookie()]).toEqual([200, []]);
    const others = hinted({ core: { keys: { ...keys, keys: keys.keys.map((key) => ({ ...key, id: 9 })) } } });
    const elsewhere = new Browser(others.app);
    for (const [name, value] of user.jar) elsewhere.jar.set(name, value);
    elsewhere.jar.set(HINT, "x");
    expect((await elsewhere.get("/private")).status).toBe(503);
    expect(elsewhere.jar.get(HINT)).toBe("x");
  });
});
