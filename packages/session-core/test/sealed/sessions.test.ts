import { describe, expect, it, vi } from "vitest";
import { createSessions, type SessionState, type Sessions } from "../../src/index.ts";
import { createMemoryStore } from "../../src/memory.ts";
import { sealedSessions } from "../../src/sealed.ts";
import { createSignals } from "../../src/signals.ts";
import { codeOf, type Data, HOUR, INITIAL, Jar, KEYS, keyOf, MINUTE, request, signedIn, testClock } from "../support.ts";
import { sealedWorld } from "./support.ts";

const add = (item: string) => (data: Data): Data => ({ ...data, cart: [...data.cart, item] });
const NAVIGATION = { "sec-fetch-mode": "navigate" };

describe("one option switches", () => {
  /** What an application sees of a whole life, without what is random. */
  async function life(store: "memory" | "sealed"): Promise<unknown[]> {
    const clock = testClock();
    const sessions = createSessions<Data>({ initial: INITIAL, keys: KEYS, clock, policy: { idle: 20 * MINUTE, absolute: 2 * HOUR }, store: store === "memory" ? createMemoryStore({ clock }) : sealedSessions() });
    const jar = new Jar();
    const seen: unknown[] = [];
    const tell = ({ state, headers }: { state: SessionState<Data>; headers: readonly (readonly [string, string])[] }): void => {
      const { id, handle, ...rest } = { id: "", handle: "", ...state };
      seen.push(rest, id.length, handle.length, headers.map(([name, value]) => `${name}: ${value.replace(/"[^"]*"/, "")}`).filter((line) => line.startsWith("Session")));
    };
    const go = async (act?: Parameters<typeof request<Data>>[2]): Promise<void> => tell(await request(sessions, jar, act));
    await go();
    await go((s) => s.update(add("rope")));
    await go();
    await go((s) => s.start("ada", { prefs: { theme: "dark" } }, { carry: ["cart"], acr: "one", amr: ["pwd"], device: "laptop" }));
    await go((s) => s.update(add("anchor")));
    await go((s) => s.elevate({ acr: "two", amr: ["pwd", "otp"] }));
    await go();
    clock.advance(15 * MINUTE);
    await go((s) => s.elevate({ reauthenticated: true }));
    await go((s) => s.start("bob"));
    clock.advance(19 * MINUTE);
    await go();
    await go((s) => s.end());
    await go();
    await go((s) => s.start("eve"));
    clock.advance(20 * MINUTE);
    await go();
    return seen;
  }

  it("between a store and the cookies, and a life looks the same", async () => {
    const [opaque, sealed] = [await life("memory"), await life("sealed")];
    // The last one idled out: its cookie says so for as long as it comes, a row for ten minutes.
    expect(sealed).toEqual(opaque);
    expect(sealed).toHaveLength(56);
  });

  it("a sign-in makes a new id in another cookie and clears the guest's", async () => {
    const { sessions } = sealedWorld();
    const jar = new Jar();
    const guest = await request(sessions, jar, (s) => s.update(add("rope")));
    const { cookies, state } = await request(sessions, jar, (s) => s.start("ada"));
    expect(state).not.toMatchObject({ id: guest.state.kind === "guest" && guest.state.id });
    expect(cookies.map(({ options }) => options.maxAge)).toEqual([undefined, 0]);
    expect(jar.cookies.size).toBe(1);
    expect(cookies[0]?.header).toMatch(/^__Host-sid-[a-z0-6]=eyJ[\w.-]+; Path=\/; Secure; HttpOnly; SameSite=Lax$/);
  });

  it("[B04] takes the cookie options as they are", async () => {
    const { sessions } = sealedWorld({ cookie: { prefix: "__Host-Http-", name: "s.1", sameSite: "strict" }, policy: { remember: { idle: 7 * 24 * HOUR, absolute: 30 * 24 * HOUR } } });
    const jar = new Jar();
    const { cookies } = await request(sessions, jar, (s) => s.start("ada", {}, { remember: true }));
    expect(cookies[0]?.header).toMatch(/^__Host-Http-s\.1-\w=[\w.-]+; Path=\/; Secure; HttpOnly; SameSite=Strict; Max-Age=2592000$/);
    expect((await request(sessions, jar)).state.kind).toBe("active");
  });

  it("visitors and forgers cost nothing and get nothing", async () => {
    const { sessions, events } = sealedWorld();
    for (const cookie of ["", "a=b", "__Host-sid-a=forged", "__Host-sid-a=a.b.c.d.e", "__Host-sid-a="]) {
      const session = await sessions.open(new Headers({ cookie }));
      expect([session.state, (await session.commit()).cookies, session.transport, session.presentedIds]).toEqual([{ kind: "none" }, [], undefined, []]);
    }
    expect(events.map(({ type }) => type)).toEqual(Array.from({ length: 3 }, () => "credential_rejected"));
  });

  it("what needs rows is refused with a code, at construction where that is possible", async () => {
    const { sessions } = sealedWorld();
    const id = "A".repeat(24) as never;
    const calls = [() => sessions.get(id), () => sessions.update(id, (d) => d), () => sessions.updateAll("ada", (d) => d), () => sessions.list("ada"), () => sessions.issue("ada"), () => sessions.watch(id), () => sessions.revoke(id), () => sessions.revokeAll("ada"), () => sessions.revokeEverything()];
    for (const call of calls) expect(await codeOf(call)).toBe("unsupported");
    expect([sessions.listable, sessions.endsAll, await sessions.sweep()]).toEqual([false, false, 0]);
    expect(await codeOf(() => request(sessions, new Jar(), (s) => s.start("ada", {}, { revokeOthers: true })))).toBe("unsupported");
    expect(await codeOf(() => sealedWorld({ policy: { concurrent: { max: 1, whenFull: "reject" } } }))).toBe("config");
    expect(await codeOf(() => sealedWorld({ policy: "nistAal2" }))).toBe("config");
    for (const wrong of [{ maxCookies: 0 }, { maxCookies: 10 }, { maxCookies: 1.5 }, { maxcookies: 1 }, { revocations: {} }, { revocations: { store: createMemoryStore(), within: -1 } }, { revocations: { store: createMemoryStore(), after: 1 } }]) expect(await codeOf(() => sealedSessions(wrong as never)), JSON.stringify(wrong)).toBe("config");
    const store = createMemoryStore();
    expect(await codeOf(() => sealedSessions({ revocations: { store: { ...store, capabilities: { ...store.capabilities, evicts: true } } } }))).toBe("unsupported");
    // Wrapped, it would be no sealed one any more, and fails instead of keeping rows.
    const { sealed: _sealed, ...stripped } = sealedSessions();
    expect(await codeOf(() => request(createSessions<Data>({ store: stripped, keys: KEYS, initial: INITIAL }), new Jar(), (s) => s.start("ada")))).not.toBe("none");
  });
});

describe("when a seal is written anew", () => {
  const policy = { idle: 20 * MINUTE, absolute: 2 * HOUR };
  const setUp = async () => {
    const world = sealedWorld({ policy });
    return { ...world, jar: await signedIn(world.sessions) };
  };
  const count = async (sessions: Sessions<Data>, jar: Jar, act?: Parameters<typeof request<Data>>[2], headers = {}): Promise<number> => (await request(sessions, jar, act, headers)).cookies.length;

  it("[C01] [C10] not with each request: when half of the idle time has passed, and then the limit slides", async () => {
    const { sessions, clock, jar } = await setUp();
    clock.advance(9 * MINUTE);
    expect(await count(sessions, jar)).toBe(0);
    clock.advance(MINUTE - 1);
    const before = await request(sessions, jar);
    expect([before.cookies.length, before.headers]).toEqual([0, [["Session-Deadlines", expect.stringContaining("idle=600, absolute=6600")]]]);
    clock.advance(1);
    const after = await request(sessions, jar);
    expect([after.cookies.length, after.headers[0]?.[1]]).toEqual([1, expect.stringContaining("idle=1200, absolute=6600")]);
    expect(after.headers[1]).toEqual(["Cache-Control", "no-store"]);
    clock.advance(20 * MINUTE - 1);
    expect((await request(sessions, jar.copy(), undefined, { "session-activity": "none" })).state.kind).toBe("active");
    clock.advance(1);
    expect((await request(sessions, jar)).state).toEqual({ kind: "none", ended: "idle" });
  });

  it("[C07] never by what is not the user, nor on a response that caches keep, nor by a late answer", async () => {
    const { sessions, clock, jar } = await setUp();
    clock.advance(15 * MINUTE);
    expect(await count(sessions, jar.copy(), undefined, { "session-activity": "none" })).toBe(0);
    expect(await count(sessions, jar.copy(), (s) => s.background())).toBe(0);
    expect((await (await sessions.open(jar.headers())).commit({ cacheable: true })).cookies).toEqual([]);
    const slow = await sessions.open(jar.headers());
    clock.advance(31_000);
    expect((await slow.commit()).cookies).toEqual([]);
    expect(await count(sessions, jar)).toBe(1);
  });

  it("[C02] the absolute limit holds however active the user is, and only a new authentication moves it", async () => {
    const { sessions, clock, jar } = await setUp();
    for (let i = 0; i < 11; i++) {
      clock.advance(10 * MINUTE);
      expect((await request(sessions, jar)).state.kind).toBe("active");
    }
    const copy = jar.copy();
    await request(sessions, jar, (s) => s.elevate({ reauthenticated: true }));
    clock.advance(10 * MINUTE);
    expect((await request(sessions, copy)).state).toEqual({ kind: "none", ended: "absolute" });
    expect((await request(sessions, jar)).state.kind).toBe("active");
  });

  it("[G09] [C11] [C12] the deadlines are inside: the earlier of the seal's own and today's policy counts", async () => {
    const { clock, jar } = await setUp();
    const tighter = sealedWorld({ clock, policy: { idle: 5 * MINUTE, absolute: 10 * MINUTE } });
    const looser = sealedWorld({ clock, policy: { idle: 2 * HOUR, absolute: 20 * HOUR } });
    expect((await request(looser.sessions, jar.copy())).cookies).toHaveLength(1);
    clock.advance(5 * MINUTE);
    expect((await request(tighter.sessions, jar.copy())).state).toEqual({ kind: "none", ended: "idle" });
    clock.advance(15 * MINUTE);
    expect((await request(looser.sessions, jar.copy())).state).toEqual({ kind: "none", ended: "idle" });
    // A clock that is set back gives no time.
    clock.advance(-HOUR);
    expect((await request(looser.sessions, jar.copy())).state.kind).toBe("active");
  });

  it("when the data changed, with the activity of the request, and never when an update changed nothing", async () => {
    const { sessions, clock, jar } = await setUp();
    clock.advance(MINUTE);
    expect(await count(sessions, jar, (s) => s.update((d) => d))).toBe(0);
    const active = await request(sessions, jar.copy(), (s) => s.update(add("a")));
    const polled = await request(sessions, jar.copy(), (s) => s.update(add("a")), { "session-activity": "none" });
    expect([active, polled].map(({ state }) => state.kind === "active" && [state.data.cart, state.seenAt])).toEqual([[["a"], clock.now()], [["a"], clock.now() - MINUTE]]);
    // Also on a response that caches would keep: the change would be lost.
    const session = await sessions.open(jar.headers());
    session.update(add("b"));
    expect((await session.commit({ cacheable: true })).cookies).toHaveLength(1);
  });

  it("when somebody asks: touch always, renew not sooner than the overlap", async () => {
    const { sessions, clock, jar } = await setUp();
    clock.advance(30_000);
    expect(await count(sessions, jar, (s) => s.renew(), { "session-activity": "none" })).toBe(0);
    clock.advance(30_000);
    const renewed = await request(sessions, jar.copy(), (s) => s.renew(), { "session-activity": "none" });
    expect([renewed.cookies.length, renewed.state.kind === "active" && renewed.state.seenAt]).toEqual([1, clock.now() - MINUTE]);
    const touched = await request(sessions, jar, (s) => s.touch());
    expect([touched.cookies.length, touched.state.kind === "active" && touched.state.seenAt]).toEqual([1, clock.now()]);
  });

  it("two answers at once: the browser keeps the later one whole, and nothing is merged", async () => {
    const { sessions, jar } = await setUp();
    const [first, second] = [await sessions.open(jar.headers()), await sessions.open(jar.headers())];
    first.update(add("a"));
    second.update(add("b"));
    for (const session of [first, second]) jar.take((await session.commit()).cookies);
    expect((await request(sessions, jar)).state).toMatchObject({ data: { cart: ["b"] } });
  });

  it("a late answer of the session before undoes neither a sign-in nor an elevation", async () => {
    const { sessions, clock, jar } = await setUp();
    clock.advance(12 * MINUTE);
    for (const act of [(s: Parameters<NonNullable<Parameters<typeof request<Data>>[2]>>[0]) => s.elevate({ acr: "high" }), (s: Parameters<NonNullable<Parameters<typeof request<Data>>[2]>>[0]) => s.start("bob", {}, { acr: "high" })]) {
      const slow = await sessions.open(jar.headers());
      slow.update(add("late"));
      await request(sessions, jar, act);
      jar.take((await slow.commit()).cookies);
      expect(jar.cookies.size).toBe(2);
      expect((await request(sessions, jar)).state).toMatchObject({ acr: "high", data: { cart: [] } });
      expect(jar.cookies.size).toBe(1);
    }
  });

  it("an elevation takes the cookies of before with it, all pieces: two sets would make a header that servers in front refuse", async () => {
    const { sessions, clock, jar } = await setUp();
    await request(sessions, jar, (s) => s.update(add("x".repeat(5000))));
    expect(jar.cookies.size).toBe(2);
    const [before, slow] = [jar.header.length, await sessions.open(jar.headers())];
    const names = [...jar.cookies.keys()];
    await request(sessions, jar, (s) => s.elevate({ acr: "high" }));
    expect([jar.cookies.size, [...jar.cookies.keys()].filter((name) => names.includes(name))]).toEqual([2, []]);
    expect(jar.header.length).toBeLessThan(before + 100);
    // Of a late answer of before, the same: what it brings back goes with the next.
    slow.update(add("late"));
    jar.take((await slow.commit()).cookies);
    expect((await request(sessions, jar)).state).toMatchObject({ kind: "active", acr: "high" });
    expect(jar.cookies.size).toBe(2);
    // What came late itself tidies nothing.
    const late = await sessions.open(jar.headers());
    late.elevate({ acr: "higher" });
    clock.advance(31_000);
    expect((await late.commit()).cookies.map(({ options }) => options.maxAge)).toEqual([undefined, undefined]);
  });

  it("the cookie that came never has the rights of an elevation", async () => {
    const { sessions, jar } = await setUp();
    const old = jar.copy();
    const { state } = await request(sessions, jar, (s) => s.elevate({ acr: "admin", amr: ["otp"] }));
    expect([state, (await request(sessions, jar)).state]).toMatchObject([{ acr: "admin" }, { acr: "admin" }]);
    expect((await request(sessions, old)).state).toMatchObject({ kind: "active", acr: undefined });
    expect(await codeOf(() => request(sessions, jar, (s) => s.elevate({ acr: "user", lower: true })))).toBe("unsupported");
    expect((await request(sessions, jar)).state).toMatchObject({ acr: "admin" });
  });

  it("a dead cookie is cleared on a navigation and by who signs out, and not otherwise", async () => {
    const { sessions, clock, jar } = await setUp();
    clock.advance(20 * MINUTE);
    expect(await count(sessions, jar)).toBe(0);
    expect((await request(sessions, jar, undefined, NAVIGATION)).cookies.map(({ options }) => options.maxAge)).toEqual([0]);
    expect(jar.cookies.size).toBe(0);
  });

  it("who idled out resumes with one factor, where the policy says so", async () => {
    const { sessions, clock } = sealedWorld({ policy: { ...policy, resume: true } });
    const jar = await signedIn(sessions);
    await request(sessions, jar, (s) => s.update(add("kept")));
    clock.advance(30 * MINUTE);
    expect((await request(sessions, jar, undefined, NAVIGATION)).state).toEqual({ kind: "none", ended: "idle", resumable: true });
    const { state } = await request(sessions, jar, (s) => s.start("ada", {}, { resume: true }));
    expect(state).toMatchObject({ kind: "active", data: { cart: ["kept"] }, absoluteAt: clock.now() + 90 * MINUTE });
    clock.advance(90 * MINUTE);
    expect((await request(sessions, jar)).state).toEqual({ kind: "none", ended: "idle", resumable: undefined });
  });

  it("[I19] signals compare what the sign-in showed", async () => {
    const { sessions } = sealedWorld({ signals: createSignals({ keys: KEYS, userAgent: "revoke" }) });
    const jar = new Jar();
    const [firefox, curl] = [{ "user-agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0" }, { "user-agent": "curl/8.5.0" }];
    await request(sessions, jar, (s) => s.start("ada"), firefox);
    expect((await request(sessions, jar, undefined, firefox)).state.kind).toBe("active");
    expect((await request(sessions, jar, undefined, curl)).state).toEqual({ kind: "none", ended: "revoked" });
  });

  it("[G01] keys: a retired one reads on and is sealed over, a next one reads, an unknown one decides nothing", async () => {
    const rings = [
      [keyOf(1, "active")],
      [keyOf(1, "active"), keyOf(2, "next")],
      [keyOf(1, "retired"), keyOf(2, "active")],
    ].map((keys) => ({ ...KEYS, keys }));
    const clock = testClock();
    const [first, second, third] = rings.map((keys) => sealedWorld({ clock, keys, policy }).sessions);
    if (!first || !second || !third) return expect.unreachable();
    const jar = await signedIn(first);
    expect((await request(second, jar)).cookies).toEqual([]);
    expect((await request(third, jar)).cookies).toHaveLength(1);
    for (const sessions of [second, third]) expect((await request(sessions, jar)).cookies).toEqual([]);
    // The first has never heard of key 2.
    const session = await first.open(jar.headers(NAVIGATION));
    expect(session.state).toEqual({ kind: "none", refused: "indeterminate" });
    expect(() => session.update(add("x"))).toThrow(expect.objectContaining({ code: "unavailable" }));
    expect((await session.commit()).cookies).toEqual([]);
    expect((await request(second, jar)).state.kind).toBe("active");
  });

  it("a session of a later release decides nothing either", async () => {
    const clock = testClock();
    const [today, tomorrow] = [sealedWorld({ clock }).sessions, sealedWorld({ clock, version: 2, migrate: () => INITIAL }).sessions];
    const jar = await signedIn(tomorrow);
    expect((await request(today, jar, undefined, NAVIGATION)).state).toEqual({ kind: "none", refused: "indeterminate" });
    expect((await request(tomorrow, await signedIn(today))).state.kind).toBe("active");
    expect(jar.cookies.size).toBe(1);
  });

  it("warns of headers that others refuse", () => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => undefined);
    sealedSessions({ maxCookies: 2 });
    expect(warn).not.toHaveBeenCalled();
    sealedSessions({ maxCookies: 3 });
    expect(warn).toHaveBeenCalledWith(expect.stringContaining("8192"));
    warn.mockRestore();
  });
});
