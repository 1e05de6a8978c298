import type { HoldfastError } from "@holdfast/session-core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { csrf, type CsrfOptions, requireOrigin } from "../src/index.ts";
import { Browser, MINUTE, ORIGIN, signedIn, type World, world } from "./support.ts";

const post = async (headers: Record<string, string>, options: Parameters<typeof csrf>[0] = {}, path = "/cart"): Promise<number> => {
  const { app } = world({ csrf: options });
  const { cookie } = await signedIn(app);
  return (await app.request(ORIGIN + path, { method: "POST", headers: { cookie, ...headers } })).status;
};

const signedInWith = async (app: World["app"], headers: Record<string, string>): Promise<Browser> => {
  const browser = new Browser(app);
  await browser.post("/sign-in", undefined, { origin: ORIGIN, ...headers });
  return browser;
};

describe("csrf", () => {
  it("[E01] a cross-site write is refused before the handler runs, reads are not", async () => {
    const { app, calls } = world();
    const browser = await signedIn(app);
    calls.length = 0;
    const response = await browser.post("/cart", undefined, { "sec-fetch-site": "cross-site" });
    expect(response.status).toBe(403);
    expect(await response.json()).toMatchObject({ type: "urn:holdfast:problem:csrf", status: 403 });
    expect(calls).toEqual([]);
    expect((await browser.get("/private", { "sec-fetch-site": "cross-site" })).status).toBe(200);
  });

  it("[E02] same-site is refused unless trusted; same-origin and none pass", async () => {
    expect(await post({ "sec-fetch-site": "same-site" })).toBe(403);
    expect(await post({ "sec-fetch-site": "same-site" }, { trustSameSite: true })).toBe(200);
    expect(await post({ "sec-fetch-site": "same-origin" })).toBe(200);
    expect(await post({ "sec-fetch-site": "none" })).toBe(200);
  });

  it("[E03] without Fetch Metadata the Origin is compared exactly", async () => {
    expect(await post({ origin: ORIGIN })).toBe(200);
    expect(await post({ origin: "http://app.test" })).toBe(403);
    expect(await post({ origin: "https://app.test:8443" })).toBe(403);
    expect(await post({ origin: "https://www.app.test" }, { origins: ["https://www.app.test"] })).toBe(200);
    expect(await post({ origin: ORIGIN }, { origins: ["https://www.app.test"] })).toBe(403);
    expect(await post({ referer: `${ORIGIN}/page?x` })).toBe(200);
    expect(await post({ referer: "https://evil.test/https://app.test" })).toBe(403);
  });

  it("[E04] a write with cookies and none of the headers is refused by default", async () => {
    expect(await post({})).toBe(403);
    expect(await post({}, { headerless: "allow" })).toBe(200);
    const { app } = world();
    expect((await app.request(`${ORIGIN}/sign-in`, { method: "POST" })).status).toBe(302);
    expect((await app.request(`${ORIGIN}/cart`, { method: "POST", headers: { authorization: "Bearer x" } })).status).toBe(200);
  });

  it("[E01] [E03] an Authorization header excuses nothing: browsers add some schemes to foreign forms by themselves", async () => {
    const { app } = world();
    const foreign: Record<string, string>[] = [{ "sec-fetch-site": "cross-site" }, { "sec-fetch-site": "same-site" }, { origin: "https://evil.test" }, { origin: "null" }, { referer: "https://evil.test/" }];
    for (const scheme of ["Basic c3RhZ2luZzpwdw==", "Digest x", "Negotiate x", "NTLM x", "Bearer x", "DPoP x"]) {
      for (const headers of foreign) {
        const response = await app.request(`${ORIGIN}/sign-in`, { method: "POST", headers: { authorization: scheme, ...headers } });
        expect([response.status, response.headers.getSetCookie()], scheme).toEqual([403, []]);
      }
    }
  });

  it("an app in a web view has an origin of its own scheme, which can be listed, for bearer credentials", async () => {
    const { app } = world({ csrf: { origins: [ORIGIN, "capacitor://localhost", "http://tauri.localhost"] } });
    const status = async (origin: string) => (await app.request(`${ORIGIN}/cart`, { method: "POST", headers: { authorization: "Bearer x", origin, "sec-fetch-site": "cross-site" } })).status;
    expect([await status("capacitor://localhost"), await status("http://tauri.localhost"), await status("capacitor://evil"), await status("ionic://localhost")]).toEqual([200, 200, 403, 403]);
  });

  it("[E05] no spelling of another origin gets through", async () => {
    const { app } = world();
    const { cookie } = await signedIn(app);
    const status = async (origin: string) => (await app.request(`${ORIGIN}/cart`, { method: "POST", headers: { cookie, origin } })).status;
    for (const origin of ["null", "https://app.test.evil.test", "https://app.test@evil.test", "https://app.test.", "https://APP.test", "https://app.test:443", "https://app.test/", "https://app.tes", "app.test", "https://xapp.test", "https:/app.test"]) {
      expect(await status(origin), origin).toBe(403);
    }
    await fc.assert(
      fc.asyncProperty(fc.oneof(fc.webUrl(), fc.stringMatching(/^[!-~]{1,40}$/)), async (origin) => {
        fc.pre(origin !== ORIGIN);
        expect(await status(origin)).toBe(403);
      }),
      { numRuns: 200 },
    );
  });

  it("[E06] unknown Sec-Fetch-Site values count as absent, never as permission", async () => {
    expect(await post({ "sec-fetch-site": "friendly" })).toBe(403);
    expect(await post({ "sec-fetch-site": "SAME-ORIGIN" })).toBe(403);
    expect(await post({ "sec-fetch-site": "friendly", origin: ORIGIN })).toBe(200);
  });

  it("[E10] a custom header is needed on every request, reads too, and only allowed origins may send it", async () => {
    const { app } = world({ csrf: { header: "X-Requested-By", origins: [ORIGIN, "https://spa.test"] } });
    const { cookie } = await signedInWith(app, { "x-requested-by": "app" });
    const status = async (method: string, headers: Record<string, string>) => (await app.request(`${ORIGIN}/private`, { method, headers: { cookie, ...headers } })).status;
    const asked = { "x-requested-by": "app" };
    for (const method of ["GET", "HEAD"]) {
      expect(await status(method, {})).toBe(403);
      expect(await status(method, { "x-requested-by": "" })).toBe(403);
      expect(await status(method, { "sec-fetch-site": "same-origin" })).toBe(403);
      expect(await status(method, asked)).toBe(200);
      expect(await status(method, { ...asked, origin: "https://spa.test" })).toBe(200);
      expect(await status(method, { ...asked, origin: "https://evil.test" })).toBe(403);
    }
    // With an API key of its own, too: the header is for every request.
    expect((await app.request(`${ORIGIN}/private`, { headers: { authorization: "Bearer x" } })).status).toBe(403);
    const post = async (headers: Record<string, string>) => (await app.request(`${ORIGIN}/cart`, { method: "POST", headers: { cookie, ...headers } })).status;
    expect(await post({ origin: ORIGIN })).toBe(403);
    expect(await post({ origin: ORIGIN, "content-type": "application/x-www-form-urlencoded" })).toBe(403);
    expect(await post({ ...asked, origin: ORIGIN })).toBe(200);
    expect(await post(asked)).toBe(403);
    expect(await post({ ...asked, origin: "https://spa.test", "sec-fetch-site": "cross-site" })).toBe(200);
    // A preflight cannot carry it; any other OPTIONS request can.
    expect(await status("OPTIONS", { origin: "https://spa.test", "access-control-request-method": "POST" })).toBe(404);
    expect(await status("OPTIONS", {})).toBe(403);
    expect((await app.request(`${ORIGIN}/private`, { headers: asked })).headers.get("vary")?.toLowerCase()).toContain("x-requested-by");
  });

  it("[E10] header mode is refused without an allowlist, and with a header that browsers send by themselves", () => {
    const option = (options: CsrfOptions): string | undefined => {
      try {
        csrf(options);
        return undefined;
      } catch (error) {
        return (error as HoldfastError).option;
      }
    };
    expect(option({ header: "X-Requested-By" })).toBe("origins");
    for (const header of ["Accept", "content-type", "Range", "Cookie", "Origin", "Sec-Fetch-Site", "Referer", "Authorization", "", "a b"]) {
      expect(option({ header, origins: [ORIGIN] }), header).toBe("header");
    }
    expect(option({ header: "X-Requested-By", origins: [ORIGIN] })).toBeUndefined();
  });

  it("[E12] the session routes take JSON only: what a form can send is refused", async () => {
    const { app } = world();
    const browser = await signedIn(app);
    for (const type of ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"]) {
      expect((await browser.post("/session/logout", { scope: "all" }, { "content-type": type })).status).toBe(400);
    }
    expect((await browser.get("/private")).status).toBe(200);
  });

  it("[E14] answers that depend on the headers say so in Vary", async () => {
    const { app } = world();
    const browser = await signedIn(app);
    const fields = async (response: Promise<Response>) => ((await response).headers.get("vary") ?? "").toLowerCase();
    expect(await fields(browser.post("/cart"))).toMatch(/sec-fetch-site, origin/);
    expect(await fields(browser.post("/cart", undefined, { "sec-fetch-site": "cross-site" }))).toMatch(/sec-fetch-site, origin/);
    expect(await fields(browser.get("/private"))).toContain("cookie");
  });

  it("[E15] report-only records what it would refuse; exemptions are a list", async () => {
    const seen: unknown[] = [];
    expect(await post({ "sec-fetch-site": "cross-site" }, { reportOnly: (refused) => seen.push(refused) })).toBe(200);
    expect(seen).toEqual([{ path: "/cart", why: "Sec-Fetch-Site is cross-site" }]);
    expect(await post({ "sec-fetch-site": "cross-site" }, { exempt: ["/cart"] })).toBe(200);
    expect(await post({ "sec-fetch-site": "cross-site" }, { exempt: ["/car"] })).toBe(403);
  });

  it("[B01] an origin that is malformed or not https is refused at construction; localhost may use http", () => {
    for (const origin of ["app.test", "https://app.test/", "http://app.test", "*", "https://app.test/path", "null", "file://", "file://localhost", "ftp://app.test", "ws://app.test", "capacitor://localhost/", "capacitor://*", "capacitor:localhost", "http://localhost.test"]) {
      expect(() => csrf({ origins: [origin] })).toThrow(expect.objectContaining({ code: "config", option: "origins" } satisfies Partial<HoldfastError>));
    }
    expect(() => csrf({ origins: ["http://localhost:8787", "https://app.test"] })).not.toThrow();
  });

  it("a sign-in from another site is refused although it carries no cookie", async () => {
    const { app } = world();
    const browser = new Browser(app);
    expect((await browser.post("/sign-in", undefined, { "sec-fetch-site": "cross-site" })).status).toBe(403);
    expect(browser.jar.size).toBe(0);
  });

  it("behind session(), too, what it refuses is no activity and writes nothing", async () => {
    const { app, clock, calls } = world({ csrf: { exempt: ["/behind"] } });
    app.use("/behind", async (c, next) => {
      if (c.req.method === "POST") c.var.session.update(() => ({ cart: ["seen"] }));
      await next();
    });
    app.use("/behind", csrf(), requireOrigin());
    app.all("/behind", (c) => c.text("through"));
    for (const refused of [["POST", { "sec-fetch-site": "cross-site" }], ["GET", { origin: "https://evil.test" }]] as const) {
      const browser = await signedIn(app);
      clock.advance(20 * MINUTE);
      calls.length = 0;
      expect((await browser.send(refused[0], "/behind", { headers: refused[1] })).status).toBe(403);
      expect(calls.filter((verb) => verb === "touch" || verb === "update")).toEqual([]);
      clock.advance(11 * MINUTE);
      expect((await browser.get("/private")).status).toBe(401);
    }
    const browser = await signedIn(app);
    clock.advance(20 * MINUTE);
    expect((await browser.post("/behind", undefined, { origin: ORIGIN })).status).toBe(200);
    clock.advance(11 * MINUTE);
    expect(await (await browser.get("/private")).json()).toEqual({ subject: "ada", cart: ["seen"] });
  });
});
