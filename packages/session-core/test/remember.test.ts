import { describe, expect, it } from "vitest";
import { type CookieChange, type PolicyOptions, type PolicyProfile, resolvePolicy } from "../src/index.ts";
import { HOUR, Jar, MINUTE, request, signedIn, testClock, world } from "./support.ts";

const DAY = 24 * HOUR;
const remember = { idle: 14 * DAY, absolute: 30 * DAY };
const maxAge = (cookies: readonly CookieChange[]): (string | undefined)[] => cookies.map(({ header }) => /; Max-Age=([^;]*)/.exec(header)?.[1]);

describe("[B19] staying signed in", () => {
  it("is off: cookies go with the browser, whether the policy would allow it or not, and asking for it without a policy is refused", async () => {
    for (const policy of [{}, { remember }] satisfies PolicyOptions[]) {
      const { sessions, clock } = world({ policy });
      const jar = new Jar();
      const signIn = await request(sessions, jar, (s) => s.start("ada", {}, { remember: false }));
      clock.advance(11 * MINUTE);
      const renewal = await request(sessions, jar);
      const elevation = await request(sessions, jar, (s) => s.elevate({ reauthenticated: true }));
      for (const { cookies } of [signIn, renewal, elevation]) {
        expect(cookies).toHaveLength(1);
        expect(cookies[0]?.header).not.toMatch(/max-age|expires/i);
        expect(cookies[0]?.options).not.toHaveProperty("maxAge");
      }
    }
    const { sessions, store } = world();
    const session = await sessions.open(new Headers());
    expect(() => session.start("ada", {}, { remember: true })).toThrow(expect.objectContaining({ code: "config", option: "policy.remember" }));
    await expect(sessions.issue("ada", {}, { remember: true })).rejects.toMatchObject({ code: "config" });
    expect((await session.commit()).state.kind).toBe("none");
    expect(store.calls).toEqual([]);
  });

  it("gives that session the longer limits and its cookies a Max-Age that ends with the absolute one, never later", async () => {
    const { sessions, clock } = world({ policy: { remember } });
    const jar = new Jar();
    const began = clock.now();
    const ends = began + remember.absolute;
    const { cookies, state } = await request(sessions, jar, (s) => s.start("ada", {}, { remember: true }));
    expect(maxAge(cookies)).toEqual([String(30 * 24 * 3600)]);
    expect(cookies[0]?.options.maxAge).toBe(30 * 24 * 3600);
    expect(state).toMatchObject({ kind: "active", idleAt: began + remember.idle, absoluteAt: ends });
    clock.advance(9 * DAY + 1);
    const renewal = await request(sessions, jar);
    expect(maxAge(renewal.cookies)).toEqual([String(21 * 24 * 3600 - 1)]);
    const role = await request(sessions, jar, (s) => s.elevate({ acr: "admin" }));
    expect(maxAge(role.cookies)).toEqual([String(21 * 24 * 3600 - 1)]);
    clock.advance(13 * DAY);
    expect((await request(sessions, jar)).state.kind).toBe("active");
    const again = await request(sessions, jar, (s) => s.elevate({ reauthenticated: true }));
    expect(maxAge(again.cookies)).toEqual([String(30 * 24 * 3600)]);
    const elevated = (await request(sessions, jar)).state;
    expect(elevated).toMatchObject({ kind: "active", absoluteAt: clock.now() + remember.absolute });
    const slow = await sessions.open(jar.headers());
    slow.elevate({ acr: "role" });
    clock.advance(10_000);
    expect(maxAge((await slow.commit()).cookies)).toEqual([String(30 * 24 * 3600 - 10)]);
  });

  it("is ended by the server, however long the cookie is kept: idle, absolute, sign-out, and the next sign-in without it", async () => {
    const { sessions, clock } = world({ policy: { remember: { idle: 2 * DAY, absolute: 3 * DAY } } });
    const signIn = async (): Promise<Jar> => {
      const jar = new Jar();
      await request(sessions, jar, (s) => s.start("ada", {}, { remember: true }));
      return jar;
    };
    const idle = await signIn();
    const absolute = await signIn();
    clock.advance(2 * DAY - 1);
    expect((await request(sessions, absolute)).state.kind).toBe("active");
    clock.advance(1);
    expect((await request(sessions, idle)).state).toEqual({ kind: "none", ended: "idle" });
    clock.advance(DAY);
    expect((await request(sessions, absolute)).state.kind).toBe("none");
    const jar = await signIn();
    const out = await request(sessions, jar.copy(), (s) => s.end());
    expect(maxAge(out.cookies)).toEqual(["0"]);
    const other = await signIn();
    const next = await request(sessions, other, (s) => s.start("ada"));
    expect(maxAge(next.cookies)).toEqual([undefined, "0"]);
    clock.advance(31 * MINUTE);
    expect((await request(sessions, other)).state).toEqual({ kind: "none", ended: "idle" });
  });

  it("[C11] is over at once where the policy no longer has it, and does not touch other sessions", async () => {
    const clock = testClock();
    const first = world({ clock, policy: { remember } });
    const jar = new Jar();
    await request(first.sessions, jar, (s) => s.start("ada", {}, { remember: true }));
    const plain = await signedIn(first.sessions);
    clock.advance(31 * MINUTE);
    expect((await request(first.sessions, plain)).state).toEqual({ kind: "none", ended: "idle" });
    expect((await request(first.sessions, jar)).state.kind).toBe("active");
    clock.advance(31 * MINUTE);
    const { sessions } = world({ clock, store: first.store });
    expect((await request(sessions, jar)).state).toEqual({ kind: "none", ended: "idle" });
  });

  it("writes activity at most once an hour, and a bearer credential has the limits without a cookie", async () => {
    const { sessions, clock, store } = world({ policy: { remember } });
    const jar = new Jar();
    await request(sessions, jar, (s) => s.start("ada", {}, { remember: true }));
    store.calls.length = 0;
    clock.advance(9 * MINUTE);
    await request(sessions, jar);
    expect(store.calls).toEqual(["read"]);
    clock.advance(51 * MINUTE);
    await request(sessions, jar);
    expect(store.calls).toEqual(["read", "read", "touch"]);
    const { state } = await sessions.issue("ada", {}, { remember: true });
    expect(state.absoluteAt - clock.now()).toBe(remember.absolute);
  });

  it("has limits of its own: 30 days, longer than the normal ones, and not in the strict profiles", () => {
    const fault = (policy: PolicyOptions): unknown => {
      try {
        resolvePolicy(policy);
        return "accepted";
      } catch (error) {
        return (error as { option?: string }).option;
      }
    };
    expect(fault({ remember })).toBe("accepted");
    expect(fault({ remember: { idle: DAY, absolute: 30 * DAY + 1 } })).toBe("policy.remember.absolute");
    expect(fault({ remember: { idle: 15 * DAY, absolute: 14 * DAY } })).toBe("policy.remember.absolute");
    expect(fault({ remember: { idle: MINUTE, absolute: DAY } })).toBe("policy.remember.idle");
    expect(fault({ remember: { idle: DAY, absolute: Number.POSITIVE_INFINITY } })).toBe("policy.remember.absolute");
    expect(fault({ remember: true as never })).toBe("policy.remember.idle");
    for (const profile of ["nistAal2", "nistAal3", "pci", "hipaa", "banking"] satisfies PolicyProfile[]) {
      expect([profile, fault({ profile, remember })]).toEqual([profile, "policy.remember"]);
      expect(resolvePolicy(profile).remember).toBe("off");
    }
  });
});
