import { describe, expect, it } from "vitest";
import { isCacheable } from "../src/index.ts";
import { MINUTE, signedIn, world } from "./support.ts";

const NOW = Date.UTC(2026, 0, 1);
const at = (time: number): string => new Date(time).toUTCString();

describe("isCacheable", () => {
  it.each<[Record<string, string>]>([
    [{ "cache-control": "public" }],
    [{ "cache-control": "max-age=0, s-maxage=60" }],
    [{ "cache-control": "max-age=0, stale-while-revalidate=60" }],
    [{ "cdn-cache-control": "max-age=600" }],
    [{ "cache-control": "no-store", "cdn-cache-control": "max-age=600" }],
    [{ "cache-control": "private", "vendor-cdn-cache-control": "public, max-age=600" }],
    [{ "surrogate-control": 'max-age=600, content="ESI/1.0"' }],
    [{ expires: at(NOW + 1000) }],
    [{ expires: at(NOW + 1000), "cache-control": "must-revalidate" }],
  ])("[J01] %j is kept by some cache", (headers) => {
    expect(isCacheable(new Headers(headers), NOW)).toBe(true);
  });

  it.each<[Record<string, string>]>([
    [{}],
    [{ "content-type": "text/html", vary: "Cookie" }],
    [{ "cache-control": "max-age=0, must-revalidate" }],
    [{ "cache-control": "private, max-age=600" }],
    [{ "cache-control": "no-cache, stale-while-revalidate=60" }],
    [{ "cdn-cache-control": "no-store" }],
    [{ "surrogate-control": 'content="ESI/1.0"' }],
    [{ expires: at(NOW) }],
    [{ expires: "0" }],
    [{ expires: "-1" }],
    [{ expires: at(NOW + 1000), "cache-control": "max-age=0" }],
    [{ expires: at(NOW + 1000), "cache-control": "private" }],
  ])("%j is not", (headers) => {
    expect(isCacheable(new Headers(headers), NOW)).toBe(false);
  });
});

describe("handle() and caches", () => {
  const answer = (headers: Record<string, string> = {}) => new Response("hello", { headers });

  it("[J01] a sign-in takes back every leave to keep its answer", async () => {
    const { sessions } = world();
    const everywhere = { "cache-control": "public, max-age=60", "cdn-cache-control": "max-age=60", "vendor-cdn-cache-control": "max-age=60", "surrogate-control": "max-age=60", expires: "Fri, 01 Jan 2100 00:00:00 GMT" };
    const { headers } = await sessions.handle(new Request("https://app.test/"), (s) => (s.start("ada"), answer(everywhere)));
    expect(headers.getSetCookie()).toHaveLength(1);
    expect([...headers.keys()].filter((name) => /cache|surrogate|expires/.test(name))).toEqual(["cache-control"]);
    expect(headers.get("cache-control")).toBe("no-store");
  });

  it("[J01] an early commit puts no deadlines on an answer made public afterwards; without a cookie its fields stay", async () => {
    const { sessions } = world();
    const jar = await signedIn(sessions);
    const early = { "cdn-cache-control": "max-age=60" };
    const { headers } = await sessions.handle(new Request("https://app.test/", { headers: jar.headers() }), async (s) => (await s.commit(), answer(early)));
    expect([headers.has("session-deadlines"), headers.get("cdn-cache-control")]).toEqual([false, "max-age=60"]);
  });

  it("says that the answer depends on the credential, also to a visitor, and once", async () => {
    const { sessions } = world();
    const jar = await signedIn(sessions);
    const varies = async (request: Request, headers: Record<string, string>) => (await sessions.handle(request, () => answer(headers))).headers.get("vary");
    const [visitor, ada] = [new Request("https://app.test/"), new Request("https://app.test/", { headers: jar.headers() })];
    for (const request of [visitor, ada]) expect(await varies(request, { "cache-control": "public, max-age=60" })).toBe("Cookie, Authorization");
    expect(await varies(ada, { vary: "Accept" })).toBe("Accept, Cookie, Authorization");
    expect(await varies(ada, { vary: "cookie" })).toBe("cookie");
    expect(await varies(ada, { vary: "*" })).toBe("*");
  });

  it("one response object for everybody carries nobody's cookie to the next", async () => {
    const { sessions, clock } = world();
    const jar = await signedIn(sessions);
    clock.advance(11 * MINUTE);
    const shared = new Response(null, { status: 204 });
    const renewed = await sessions.handle(new Request("https://app.test/", { headers: jar.headers() }), () => shared);
    expect(renewed.headers.getSetCookie()).toHaveLength(1);
    expect((await sessions.handle(new Request("https://app.test/"), () => shared)).headers.getSetCookie()).toEqual([]);
  });

  it("a switch of protocols is passed on as it is", async () => {
    const { sessions } = world();
    const jar = await signedIn(sessions);
    const upgrade = Object.defineProperty(Response.redirect("https://app.test/"), "status", { value: 101 });
    expect(await sessions.handle(new Request("https://app.test/", { headers: jar.headers() }), () => upgrade)).toBe(upgrade);
  });
});

describe("bearer clients", () => {
  it("through handle() a sign-in or step-up whose credential would be lost is refused, and nothing is written", async () => {
    const { sessions } = world();
    const credential = (await sessions.issue("ada")).credential.reveal();
    const call = (act: Parameters<typeof sessions.handle>[1], used = credential) => sessions.handle(new Request("https://app.test/", { headers: { authorization: `Bearer ${used}` } }), act);
    await expect(call((s) => (s.start("grace"), new Response()))).rejects.toMatchObject({ code: "unsupported" });
    await expect(call((s) => (s.elevate({ acr: "high" }), new Response()))).rejects.toMatchObject({ code: "unsupported" });
    expect((await sessions.open(credential)).state).toMatchObject({ kind: "active", subject: "ada", acr: undefined });
    const answered = await call(async (s) => (s.elevate({ acr: "high" }), Response.json({ credential: (await s.commit()).credential?.reveal() })));
    const { credential: next } = (await answered.json()) as { credential: string };
    // Only the new one has the rights: a copy of the old one, made before, never gets them.
    expect((await sessions.open(credential)).state).toMatchObject({ kind: "active", acr: undefined });
    expect((await sessions.open(next)).state).toMatchObject({ kind: "active", acr: "high" });
  });
});
