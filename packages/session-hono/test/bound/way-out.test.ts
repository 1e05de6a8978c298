import { describe, expect, it } from "vitest";
import { problem } from "../../src/index.ts";
import { MINUTE, ORIGIN } from "../support.ts";
import { type BindingBrowser } from "./dbsc-client.ts";
import { boundBrowser, type BoundWorld, boundWorld } from "./support.ts";

const TITLE = "A proof of the device is required";
const FETCH = { "sec-fetch-site": "same-origin", "sec-fetch-mode": "cors" };
const read = async (response: Response): Promise<Record<string, unknown>> => (await response.json()) as Record<string, unknown>;

/** A browser that was bound, and whose ticket is over. */
async function late(options: Parameters<typeof boundWorld>[0] = {}): Promise<{ world: BoundWorld; browser: BindingBrowser }> {
  const world = boundWorld(options);
  const browser = await boundBrowser(world);
  world.clock.advance(MINUTE);
  browser.expireTicket();
  return { world, browser };
}

describe("a browser that has lost its key", () => {
  it("[I10] is told to sign in again, the page as well as its client; the session goes on for whoever has the key", async () => {
    const { world, browser } = await late();
    const keeper = browser.copyJar();
    for (const [id, session] of browser.sessions) keeper.sessions.set(id, session);
    browser.sessions.clear();
    const refused = await browser.get("/private", FETCH);
    expect([refused.status, await read(refused)]).toEqual([401, { type: "urn:holdfast:problem:proof_required", title: TITLE, status: 401, code: "proof_required", detail: "The browser has no key of this session: sign in again.", processed: false, signIn: true }]);
    const view = await browser.get("/session", FETCH);
    expect([view.status, await read(view), view.headers.get("cache-control"), view.headers.getSetCookie(), view.headers.get("session-deadlines")]).toEqual([200, { state: "none" }, "no-store", [], null]);
    expect((await browser.post("/session/touch")).status).toBe(401);
    // Nothing ended, nobody became a guest.
    expect(await (await keeper.get("/private")).text()).toBe("ada");
    expect(await read(await keeper.get("/session"))).toMatchObject({ state: "active", subject: "ada" });
    expect(world.sessionEvents.some(({ type }) => type === "session_revoked" || type === "session_logout")).toBe(false);
  });

  it("signs in again, is bound anew, and the session of before is over", async () => {
    const { world, browser } = await late();
    browser.sessions.clear();
    await browser.post("/sign-in");
    expect(browser.registrations).toEqual([200, 200]);
    world.clock.advance(6 * MINUTE);
    expect((await browser.get("/private", FETCH)).status).toBe(200);
    expect(await world.sessions.list("ada")).toHaveLength(1);
  });

  it("is not sent round in circles between a page and a sign-in page that knows the way back", async () => {
    const world = boundWorld({ session: { refused: (c, why, signIn) => (signIn ? c.redirect(`/sign-in?why=${why}`) : problem("proof_required")) } });
    world.app.get("/sign-in", (c) => (c.var.session.state.kind === "active" && c.req.query("why") === undefined ? c.redirect("/") : c.text("form")));
    const browser = await boundBrowser(world);
    world.clock.advance(MINUTE);
    const walk = async (from: string): Promise<string[]> => {
      const path: string[] = [];
      for (let to: string | null = from; to !== null && path.length < 6; ) {
        path.push(to);
        const answer: Response = await browser.get(to);
        to = answer.headers.get("location");
      }
      return path;
    };
    expect(await walk("/sign-in")).toEqual(["/sign-in", "/"]);
    browser.expireTicket();
    browser.sessions.clear();
    expect(await walk("/sign-in")).toEqual(["/sign-in", "/", "/sign-in?why=no_ticket"]);
  });
});

describe("who may try again is not told to sign in", () => {
  it("[I12] a browser that could not refresh", async () => {
    const { world, browser } = await late();
    world.fail = new Error("down");
    await browser.refresh([...browser.sessions.values()][0] as never);
    world.fail = undefined;
    const refused = await browser.raw("GET", "/private", { ...FETCH, "secure-session-skipped": "server_error" });
    expect([refused.status, await read(refused)]).toMatchObject([401, { title: TITLE, signIn: false, detail: "The browser could not renew its proof: try again." }]);
    expect((await browser.raw("GET", "/session", { ...FETCH, "secure-session-skipped": "server_error" })).status).toBe(401);
    expect(world.events.slice(-2)).toMatchObject([{ type: "device_skipped", reason: "server_error", action: "refuse" }, { type: "device_refused", why: "skipped" }]);
    expect((await browser.get("/private")).status).toBe(200);
  });

  it("[I12] what is said of another session of the browser is not said of this one", async () => {
    const { browser } = await late({ skipped: "allow" });
    const [id = ""] = browser.sessions.keys();
    const ask = async (skipped: string): Promise<unknown[]> => {
      const answer = await browser.raw("GET", "/private", { ...FETCH, "secure-session-skipped": skipped });
      return [answer.status, answer.ok || (await read(answer))["signIn"]];
    };
    for (const other of ['server_error;session_identifier="other"', 'unreachable;session_identifier=""', `quota_exceeded;session_identifier="${id}x", unreachable;session_identifier="a,${id}"`]) expect(await ask(other), other).toEqual([401, true]);
    for (const own of ["server_error", `server_error;session_identifier="${id}"`, `unreachable;session_identifier="other", quota_exceeded;session_identifier="${id}"`, `unreachable; session_identifier="${id}";x=1`, `unreachable;x=1;session_identifier=${id}`]) expect(await ask(own), own).toEqual([200, true]);
  });

  it("a browser whose clock is behind, and keeps a ticket that is over: it is taken away, and the next request waits for another", async () => {
    const world = boundWorld();
    const browser = await boundBrowser(world);
    for (const [name, cookie] of browser.jar) browser.jar.set(name, { ...cookie, until: Number.POSITIVE_INFINITY });
    world.clock.advance(5 * MINUTE);
    const refused = await browser.get("/private", FETCH);
    expect([refused.status, await read(refused)]).toMatchObject([401, { title: TITLE, signIn: false, detail: "The proof is no longer good: try again." }]);
    expect(refused.headers.getSetCookie()).toEqual([expect.stringMatching(/^__Host-bound-[\w-]{8}=; Max-Age=0; Path=\/; Secure; HttpOnly; SameSite=Lax; Expires=Thu, 01 Jan 1970 00:00:00 GMT$/)]);
    expect(refused.headers.get("cache-control")).toBe("no-store");
    expect((await browser.get("/private", FETCH)).status).toBe(200);
    expect(browser.refreshes).toEqual([200]);
  });

  it("one with an altered ticket; and a page that is shown its way has it taken as well", async () => {
    const seen: unknown[] = [];
    const world = boundWorld({ session: { refused: (_c, why, signIn) => (seen.push([why, signIn]), Response.redirect(`${ORIGIN}/wait`)) } });
    const browser = await boundBrowser(world);
    for (const [name, cookie] of browser.jar) if (name.includes("bound")) browser.jar.set(name, { ...cookie, value: cookie.value.replaceAll(/.$/g, (last) => (last === "A" ? "B" : "A")) });
    const refused = await browser.get("/private", FETCH);
    expect([refused.status, refused.headers.getSetCookie().length, seen]).toEqual([302, 1, [["forged", false]]]);
    expect((await browser.get("/private", FETCH)).status).toBe(200);
  });
});

it("[I10] `require`: who could not be bound is told so, and to sign in", async () => {
  const world = boundWorld({ bind: "require" });
  const plain = world.browser();
  plain.binds = false;
  await plain.post("/sign-in");
  world.clock.advance(3 * MINUTE);
  expect(await read(await plain.get("/private", FETCH))).toMatchObject({ code: "proof_required", title: TITLE, signIn: true, detail: "The session was not bound to a device in time: sign in again, with a browser that can." });
  expect(await read(await plain.get("/session", FETCH))).toEqual({ state: "none" });
});

describe("a link on a page of another origin", () => {
  // A browser refreshes for pages of the same origin only.
  for (const site of ["cross-site", "same-site"] as const) {
    it(`${site}: comes without a ticket; the page asks for itself once more, and that waits for one`, async () => {
      const { world, browser } = await late({ session: { refused: () => Response.redirect(`${ORIGIN}/sign-in`) } });
      const { answers, text } = await browser.follow("/private", site);
      expect([answers, text, browser.refreshes]).toEqual([[401, 200], "ada", [200]]);
      expect(world.events.at(-1)).toMatchObject({ type: "device_refreshed" });
    });
  }

  it("whatever the address is, that page leads to it, and nowhere else", async () => {
    const { browser } = await late();
    for (const [address, path] of [["/", "/"], ["/private?a=1&lt;b&amp=2&c=\"'<>", "/private?a=1&lt;b&amp=2&c=%22%27%3C%3E"], ["//evil.test/x?y", "//evil.test/x?y"], ["//evil.test", "//evil.test"], ["/a:b;c", "/a:b;c"], ["/x/..%2f", "/x/..%2f"], ["/javascript:1", "/javascript:1"]] as const) {
      const page = await browser.raw("GET", address, { "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate" });
      const [, to = ""] = /content="0;url=([^"]*)"/.exec(await page.text()) ?? [];
      const text = to.replaceAll(/&(amp;)?/g, (_, amp: string | undefined) => (amp ? "&" : "!"));
      expect(new URL(text, new URL(ORIGIN + address)).href, address).toBe(ORIGIN + path);
    }
  });

  it("and without the key there is no circle: the second time it is sent to the sign-in", async () => {
    const { browser } = await late({ session: { refused: (c, why) => c.text(why, 401) } });
    browser.sessions.clear();
    const { answers, text } = await browser.follow("/private", "cross-site");
    expect([answers, text]).toEqual([[401, 401], "no_ticket"]);
  });

  it("the page in between is nobody's to keep, and not for what only fetches", async () => {
    const { browser } = await late();
    const page = await browser.raw("GET", "/private", { "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate" });
    expect([page.status, page.headers.get("content-type"), page.headers.get("cache-control"), page.headers.getSetCookie()]).toEqual([401, "text/html; charset=utf-8", "no-store", []]);
    for (const headers of [{ "sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors" }, { "sec-fetch-site": "same-origin", "sec-fetch-mode": "navigate" }, { "sec-fetch-site": "none", "sec-fetch-mode": "navigate" }]) {
      expect((await browser.raw("GET", "/private", headers)).headers.get("content-type"), JSON.stringify(headers)).toBe("application/problem+json");
    }
    expect((await browser.raw("POST", "/cart", { origin: ORIGIN, "sec-fetch-site": "same-origin", "sec-fetch-mode": "navigate" })).headers.get("content-type")).toBe("application/problem+json");
  });

  it("with SameSite=Strict the browser sends no cookie along, so a stranger is answered; the next request of the page waits for its ticket", async () => {
    const { browser } = await late({ core: { cookie: { sameSite: "strict" } } });
    const { answers, text } = await browser.follow("/", "cross-site");
    expect([answers, text, browser.refreshes]).toEqual([[200], "home", []]);
    expect((await browser.follow("/private", "cross-site")).answers).toEqual([401]);
    expect(browser.refreshes).toEqual([]);
    expect((await browser.get("/private", FETCH)).status).toBe(200);
    expect([browser.refreshes, browser.sessions.size]).toEqual([[200], 1]);
    // From a page of the same site they do come.
    browser.expireTicket();
    expect((await browser.follow("/private", "same-site")).answers).toEqual([401, 200]);
  });

  it("a refresh in the name of a page of another site, which has no cookie, ends nothing", async () => {
    const { world, browser } = await late();
    const [{ instructions } = { instructions: undefined }] = browser.sessions.values();
    const ask = (site: string) => world.app.request(`${ORIGIN}/session/dbsc/refresh`, { method: "POST", headers: { "sec-secure-session-id": instructions?.session_identifier ?? "", "sec-fetch-site": site } });
    expect((await ask("cross-site")).status).toBe(503);
    expect((await ask("same-origin")).status).toBe(404);
  });
});
