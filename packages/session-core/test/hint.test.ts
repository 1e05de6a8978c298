import { describe, expect, it } from "vitest";
import type { CookieOptions } from "../src/index.ts";
import { Jar, MINUTE, request, signedIn, type World, world } from "./support.ts";

const HINT = "__Host-sid-hint";
const hinted = (cookie: CookieOptions = {}): World => world({ cookie: { hint: true, ...cookie } });
const handleOf = ({ state }: { state: { kind: string; handle?: string } }): string => state.handle ?? "";

describe("the hint cookie (decision 019)", () => {
  it("of a session that lives stays when the answer clears what a slow guest left beside it", async () => {
    const { sessions } = hinted();
    const jar = new Jar();
    const slow = await sessions.open(jar.headers());
    slow.update((data) => ({ ...data, cart: ["x"] }));
    const guest = await slow.commit();
    const signIn = await request(sessions, jar, (session) => session.start("ada"));
    jar.take(guest.cookies);
    expect((await request(sessions, jar)).cookies.map(({ name, value }) => [name, value === ""])).toEqual([["__Host-sid-g", true], [HINT, false]]);
    expect(jar.cookies.get(HINT)).toBe(handleOf(signIn));
  });

  it("is told from what only looks like it", async () => {
    const { sessions } = hinted();
    const anonymous = await sessions.open(new Headers({ cookie: `utm=x${HINT}=; my-${HINT}=y; a=b` }));
    expect((await anonymous.commit()).cookies).toEqual([]);
    const jar = await signedIn(sessions);
    const handle = jar.cookies.get(HINT) ?? "";
    for (const wrong of [`${handle}x`, handle.slice(0, -1), "", `x${HINT}=${handle}`]) {
      jar.cookies.set(HINT, wrong);
      expect((await request(sessions, jar)).cookies.map(({ name, value }) => [name, value]), wrong).toEqual([[HINT, handle]]);
    }
    expect((await request(sessions, jar)).cookies).toEqual([]);
  });

  it("is deleted by a sign-out that was sent before the answer that set it arrived", async () => {
    const plain = world();
    const jar = await signedIn(plain.sessions);
    const { sessions } = world({ store: plain.store, clock: plain.clock, cookie: { hint: true } });
    const page = await sessions.open(jar.headers());
    const out = await sessions.open(jar.headers());
    const shown = await page.commit();
    out.end();
    jar.take(shown.cookies).take((await out.commit()).cookies);
    expect([...jar.cookies.keys()]).toEqual([]);
  });

  it("is not touched by a late answer, nor by one that caches may keep; a sign-in sets it all the same", async () => {
    const { sessions, clock } = hinted();
    const jar = await signedIn(sessions);
    jar.cookies.set(HINT, "another");
    const late = await sessions.open(jar.headers());
    clock.advance(MINUTE);
    expect((await late.commit()).cookies).toEqual([]);
    expect((await (await sessions.open(jar.headers())).commit({ cacheable: true })).cookies).toEqual([]);
    const signIn = await sessions.open(jar.headers());
    signIn.start("ada");
    expect((await signIn.commit({ cacheable: true })).cookies.map(({ name }) => name)).toContain(HINT);
  });

  it.each<[CookieOptions, string, string]>([
    [{ prefix: "__Host-Http-" }, HINT, "; Path=/; Secure; SameSite=Lax"],
    [{ name: "MyHttp-app" }, "__Host-MyHttp-app-hint", "; Path=/; Secure; SameSite=Lax"],
    [{ prefix: "__Secure-", domain: "example.com", path: "/shop", sameSite: "strict" }, "__Secure-sid-hint", "; Path=/shop; Domain=example.com; Secure; SameSite=Strict"],
    [{ prefix: "none", secure: false }, "sid-hint", "; Path=/; SameSite=Lax"],
  ])("goes where its session's cookie goes: %j", async (cookie, name, attributes) => {
    const { sessions } = hinted(cookie);
    const { cookies, state } = await request(sessions, new Jar(), (session) => session.start("ada"));
    expect(cookies.find((one) => one.name === name)?.header).toBe(`${name}=${handleOf({ state })}${attributes}`);
  });
});
