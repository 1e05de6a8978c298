import { describe, expect, it } from "vitest";
import { createSessions, reject } from "../src/index.ts";
import { createMemoryStore } from "../src/memory.ts";
import { writeBody } from "../src/lib/record.ts";
import { codeOf, HOUR, INITIAL, Jar, KEYS, MINUTE, recordOf, request, signedIn, testClock, world } from "./support.ts";

const settle = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

describe("store calls per request", () => {
  it("[A04] [A05] visitors and forged credentials cost none; a forged one gets no session and no cookie", async () => {
    const { sessions, store, events } = world();
    await request(sessions, new Jar());
    const jar = await signedIn(sessions);
    const [name = "", value = ""] = [...jar.cookies][0] ?? [];
    store.calls.length = 0;
    for (const bad of ["", "x", value.slice(1), `${value}A`, value.slice(0, 95) + (value.endsWith("A") ? "B" : "A"), "A'; DROP TABLE x--", "\r\nSet-Cookie: a=b"]) {
      const headers = { get: (key: string) => (key === "cookie" ? `${name}=${bad}` : null) };
      const session = await sessions.open(Object.setPrototypeOf(headers, Headers.prototype) as Headers);
      const { state, cookies } = await session.commit();
      expect(state.kind).toBe("none");
      expect(cookies).toEqual([]);
    }
    expect(store.calls).toEqual([]);
    expect(events.filter(({ type }) => type === "credential_rejected").length).toBeGreaterThan(4);
  });

  it("a signed-in read costs one read and no write; a promotion one more write", async () => {
    const { sessions, store, clock } = world();
    const jar = await signedIn(sessions);
    store.calls.length = 0;
    await request(sessions, jar);
    expect(store.calls).toEqual(["read"]);
    clock.advance(11 * MINUTE);
    store.calls.length = 0;
    const stepped = await request(sessions, jar, undefined, { "session-activity": "none" });
    expect(stepped.cookies).toHaveLength(1);
    expect(store.calls).toEqual(["read"]);
    store.calls.length = 0;
    await request(sessions, jar);
    expect(store.calls).toEqual(["read", "update"]);
    store.calls.length = 0;
    await request(sessions, jar);
    expect(store.calls).toEqual(["read"]);
  });

  it("an update that changes nothing writes nothing, be it the object that was given or an equal one", async () => {
    const { sessions, store } = world();
    const jar = await signedIn(sessions);
    await request(sessions, jar, (session) => session.update((d) => ({ ...d, cart: ["rope"] })));
    store.calls.length = 0;
    await request(sessions, jar, (session) => session.update((d) => d));
    await request(sessions, jar, (session) => session.update((d) => ({ ...d, cart: [...d.cart] })));
    expect(store.calls).toEqual(["read", "read"]);
    const [{ id } = { id: "" as never }] = await sessions.list("ada");
    store.calls.length = 0;
    await sessions.update(id, (d) => ({ ...d, cart: [...d.cart] }));
    expect(store.calls).toEqual(["read"]);
    store.calls.length = 0;
    const { state } = await request(sessions, jar, (session) => session.update((d) => ({ ...d, cart: [...d.cart, "lead"] })));
    expect(state).toMatchObject({ data: { cart: ["rope", "lead"] } });
    expect(store.calls).toEqual(["read", "update"]);
  });

  it("a lazy session that nobody looks at costs nothing, and one that is used reads once", async () => {
    const { sessions, store } = world();
    const jar = await signedIn(sessions);
    store.calls.length = 0;
    const session = sessions.prepare(jar.headers());
    expect(() => session.state).toThrow(expect.objectContaining({ code: "not_loaded" }));
    expect(await session.commit()).toMatchObject({ cookies: [], headers: [] });
    expect(store.calls).toEqual([]);
    const lazy = sessions.prepare(jar.headers());
    lazy.update((d) => ({ ...d, cart: ["rope"] }));
    const { state } = await lazy.commit();
    expect(state).toMatchObject({ kind: "active", data: { cart: ["rope"] } });
    expect(store.calls).toEqual(["read", "update"]);
  });
});

describe("guests and sign-in", () => {
  it("a visitor becomes a guest with the first update, in a random partition, not listed", async () => {
    const { sessions } = world();
    const jar = new Jar();
    const { state } = await request(sessions, jar, (s) => s.update((d) => ({ ...d, cart: ["knot"] })));
    expect(state).toMatchObject({ kind: "guest", data: { cart: ["knot"] } });
    expect((await request(sessions, jar)).state).toMatchObject({ kind: "guest", data: { cart: ["knot"] } });
  });

  it("[A06] [A07] [A08] sign-in issues a new id, carries only what is listed, and the guest credential is dead at once", async () => {
    const { sessions } = world();
    const jar = new Jar();
    const guest = await request(sessions, jar, (s) => s.update((d) => ({ cart: [...d.cart, "knot"], prefs: { role: "admin" } })));
    const before = jar.copy();
    const { state, cookies } = await request(sessions, jar, (s) => s.start("ada", { prefs: { theme: "dark" } }, { carry: ["cart"] }));
    expect(state).toMatchObject({ kind: "active", subject: "ada", data: { cart: ["knot"], prefs: { theme: "dark" } } });
    expect(cookies.map(({ header }) => header.includes("Max-Age=0"))).toEqual([false, true]);
    expect(state.kind === "active" && guest.state.kind === "guest" && state.id !== guest.state.id).toBe(true);
    expect((await request(sessions, before)).state).toMatchObject({ kind: "none" });
    expect((await request(sessions, jar)).state.kind).toBe("active");
  });

  it("what a guest wrote between the read and the sign-in is carried too", async () => {
    const { sessions } = world();
    const jar = new Jar();
    await request(sessions, jar, (s) => s.update(() => ({ cart: ["a"], prefs: {} })));
    const signIn = await sessions.open(jar.headers());
    signIn.start("ada", {}, { carry: ["cart"] });
    await request(sessions, jar.copy(), (s) => s.update((d) => ({ ...d, cart: [...d.cart, "b"] })));
    jar.take((await signIn.commit()).cookies);
    expect((await request(sessions, jar)).state).toMatchObject({ data: { cart: ["a", "b"] } });
  });

  it("[A09] when the old session cannot be ended the sign-in fails, and two live sessions never remain", async () => {
    const { sessions, store } = world();
    const jar = new Jar();
    await request(sessions, jar, (s) => s.update(() => ({ cart: ["a"], prefs: {} })));
    const signIn = await sessions.open(jar.headers());
    signIn.start("ada");
    let failures = 1;
    store.fail = (verb) => (verb === "end" && failures-- > 0 ? new Error("down") : undefined);
    expect(await codeOf(() => signIn.commit())).toBe("unavailable");
    expect(await sessions.list("ada")).toEqual([]);
    expect((await request(sessions, jar)).state.kind).toBe("guest");
  });

  it("a straggler of the guest is told to retry, and cannot begin another guest session over the sign-in", async () => {
    const { sessions } = world();
    const jar = new Jar();
    await request(sessions, jar, (s) => s.update(() => ({ cart: ["a"], prefs: {} })));
    const straggler = jar.copy();
    await request(sessions, jar, (s) => s.start("ada"));
    const session = await sessions.open(straggler.headers());
    expect(session.state).toEqual({ kind: "none", refused: "superseded" });
    expect(() => session.update((d) => d)).toThrow(expect.objectContaining({ code: "no_session", reason: "superseded" }));
    expect((await session.commit()).cookies).toEqual([]);
  });

  it("two first requests of a visitor, an update and a sign-in, keep apart: the sign-in wins in either order", async () => {
    const { sessions } = world();
    const update = await sessions.open(new Headers());
    const start = await sessions.open(new Headers());
    update.update(() => ({ cart: ["a"], prefs: {} }));
    start.start("ada");
    const [late, early] = [(await update.commit()).cookies, (await start.commit()).cookies];
    expect((await request(sessions, new Jar().take(early).take(late))).state.kind).toBe("active");
    expect((await request(sessions, new Jar().take(late).take(early))).state.kind).toBe("active");
  });
});

describe("updates", () => {
  it("parallel updates of different keys all survive, and a function that gives back its argument writes nothing", async () => {
    const { sessions, store } = world();
    const jar = await signedIn(sessions);
    await Promise.all(Array.from({ length: 50 }, (_, i) => request(sessions, jar.copy(), (s) => s.update((d) => ({ ...d, prefs: { ...d.prefs, [`k${i}`]: "v" } })))));
    const { state } = await request(sessions, jar);
    expect(state.kind === "active" && Object.keys(state.data.prefs)).toHaveLength(50);
    store.calls.length = 0;
    await request(sessions, jar, (s) => s.update((d) => d));
    expect(store.calls).toEqual(["read"]);
  });

  it("a lost acknowledgement is neither an error nor a second application", async () => {
    const { sessions, store } = world();
    const jar = await signedIn(sessions);
    const real = store.update.bind(store);
    const session = await sessions.open(jar.headers());
    session.update((d) => ({ ...d, cart: [...d.cart, "once"] }));
    store.update = async (...args) => {
      await real(...args);
      throw new Error("connection reset");
    };
    await session.commit();
    delete (store as Partial<typeof store>).update;
    expect((await request(sessions, jar)).state).toMatchObject({ data: { cart: ["once"] } });
  });

  it("reject() writes nothing and tells the caller; data must not be changed in place", async () => {
    const { sessions, store } = world();
    const jar = await signedIn(sessions);
    const session = await sessions.open(jar.headers());
    expect(() => session.update(() => reject("cart_full"))).toThrow(expect.objectContaining({ code: "rejected", reason: "cart_full" }));
    expect(() => session.update((d) => ((d.cart as string[]).push("x"), d))).toThrow(TypeError);
    store.calls.length = 0;
    await session.commit();
    expect(store.calls).toEqual([]);
    expect(() => session.update((d) => d)).toThrow(expect.objectContaining({ code: "already_committed" }));
  });

  it("[A09] a write that loses against a sign-out is refused, and revives nothing", async () => {
    const { sessions } = world();
    const jar = await signedIn(sessions);
    const slow = await sessions.open(jar.headers());
    slow.update((d) => ({ ...d, cart: ["ghost"] }));
    await request(sessions, jar.copy(), (s) => s.end());
    expect(await codeOf(() => slow.commit())).toBe("no_session");
    expect((await request(sessions, jar)).state).toEqual({ kind: "none", ended: "logout" });
  });

  it("outside requests: get, update, revoke by id", async () => {
    const { sessions } = world();
    const jar = await signedIn(sessions);
    const [{ id } = { id: "" as never }] = await sessions.list("ada");
    await sessions.update(id, (d) => ({ ...d, cart: ["x"] }));
    expect(await sessions.get(id)).toMatchObject({ kind: "active", data: { cart: ["x"] } });
    await sessions.revoke(id);
    expect(await sessions.get(id)).toBeNull();
    expect(await codeOf(() => sessions.update(id, (d) => d))).toBe("no_session");
    expect((await request(sessions, jar)).state).toEqual({ kind: "none", ended: "revoked" });
  });
});

describe("time", () => {
  it("[C01] idle ends exactly at its boundary", async () => {
    for (const [offset, kind] of [[-1, "active"], [0, "none"], [1, "none"]] as const) {
      const { sessions, clock } = world();
      const jar = await signedIn(sessions);
      clock.advance(30 * MINUTE + offset);
      expect((await request(sessions, jar)).state.kind).toBe(kind);
    }
  });

  it("[C02] [B18] absolute ends from the sign-in on, whatever the activity, and the kept cookie is refused", async () => {
    const { sessions, clock } = world();
    const jar = await signedIn(sessions);
    for (let t = 0; t < 8 * HOUR - 20 * MINUTE; t += 20 * MINUTE) {
      clock.advance(20 * MINUTE);
      expect((await request(sessions, jar)).state.kind).toBe("active");
    }
    clock.advance(20 * MINUTE);
    expect(jar.cookies.size).toBe(1);
    expect((await request(sessions, jar)).state.kind).toBe("none");
  });

  it("[C05] [C12] an idle session is ended for good: a clock set back does not revive it", async () => {
    const { sessions, clock, events } = world();
    const jar = await signedIn(sessions);
    clock.advance(31 * MINUTE);
    expect((await request(sessions, jar)).state).toEqual({ kind: "none", ended: "idle" });
    expect(events).toContainEqual(expect.objectContaining({ type: "session_expired", reason: "idle" }));
    clock.advance(-31 * MINUTE);
    expect((await request(sessions, jar)).state).toEqual({ kind: "none", ended: "idle" });
  });

  it("[C04] [C07] [H13] activity slides idle; polling, prefetch and refresh do not", async () => {
    const { sessions, clock } = world();
    const [active, polling] = [await signedIn(sessions), await signedIn(sessions)];
    for (let i = 0; i < 3; i++) {
      clock.advance(11 * MINUTE);
      await request(sessions, active);
      const headers = i === 1 ? { "sec-purpose": "prefetch" } : { "session-activity": "none" };
      const { state } = await request(sessions, polling, (s) => s.renew(), headers);
      expect(state.kind).toBe(i < 2 ? "active" : "none");
    }
    expect((await request(sessions, active)).state.kind).toBe("active");
  });

  it("[C10] touches are written at most every touchEvery, and idle never ends later than the policy says", async () => {
    const { sessions, clock, store } = world();
    const jar = await signedIn(sessions);
    store.calls.length = 0;
    for (let second = 0; second < 600; second += 10) {
      clock.advance(10_000);
      await request(sessions, jar, undefined, {});
    }
    // idle / 10 = 3 minutes: three touches in ten minutes.
    expect(store.calls.filter((verb) => verb === "touch")).toHaveLength(3);
    clock.advance(30 * MINUTE);
    expect((await request(sessions, jar)).state.kind).toBe("none");
  });

  it("[C10] the parallel requests of a page make one touch, and all tell what it brought", async () => {
    const { sessions, clock, store } = world();
    const jar = await signedIn(sessions);
    clock.advance(29 * MINUTE);
    store.calls.length = 0;
    const page = await Promise.all(Array.from({ length: 30 }, () => request(sessions, jar)));
    expect(store.calls.filter((verb) => verb === "touch")).toHaveLength(1);
    const told = new Set(page.map(({ headers }) => new Map(headers).get("Session-Deadlines")));
    expect([...told]).toEqual([expect.stringContaining("idle=1800")]);
    clock.advance(29 * MINUTE);
    expect((await request(sessions, jar)).state.kind).toBe("active");
  });

  it("a touch that was refused is made again, one that hangs is shared for a second, and one that was asked for is made", async () => {
    const { sessions, clock, store } = world();
    const jar = await signedIn(sessions);
    const touches = (): number => store.calls.filter((verb) => verb === "touch").length;
    clock.advance(5 * MINUTE);
    store.fail = (verb) => (verb === "touch" ? new Error("no") : undefined);
    expect((await Promise.all([request(sessions, jar), request(sessions, jar)])).map(({ state }) => state.kind)).toEqual(["active", "active"]);
    expect(touches()).toBe(1);
    store.fail = () => undefined;
    const { touch } = store;
    let go = (): void => undefined;
    const held = new Promise<void>((resolve) => (go = resolve));
    let made = 0;
    Object.assign(store, { touch: async (...args: Parameters<typeof touch>) => ((made += 1), held.then(() => touch(...args))) });
    const first = request(sessions, jar);
    await settle();
    clock.advance(999);
    const second = request(sessions, jar);
    await settle();
    expect(made).toBe(1);
    clock.advance(1);
    const third = request(sessions, jar);
    const asked = request(sessions, jar, (session) => session.touch());
    await settle();
    go();
    await Promise.all([first, second, third, asked]);
    expect(made).toBe(3);
  });

  it("[C11] a tightened policy ends existing sessions at the next request", async () => {
    const clock = testClock();
    const store = createMemoryStore({ clock });
    const before = createSessions({ store, keys: KEYS, clock, initial: INITIAL });
    const jar = await signedIn(before);
    clock.advance(10 * MINUTE);
    const after = createSessions({ store, keys: KEYS, clock, initial: INITIAL, policy: { idle: 5 * MINUTE } });
    expect((await request(after, jar)).state).toEqual({ kind: "none", ended: "idle" });
  });

  it("[C09] the store may keep a row to say why it ended, never beyond its absolute life", async () => {
    const { sessions, store, clock } = world();
    const jar = await signedIn(sessions);
    for (let i = 0; i < 16; i++) {
      clock.advance(29 * MINUTE);
      await request(sessions, jar);
    }
    const [{ id } = { id: "" as never }] = await sessions.list("ada");
    const row = await store.read(id);
    expect(row?.expiresAt).toBe((row?.createdAt ?? 0) + 8 * HOUR);
  });
});

describe("the ratchet in requests", () => {
  it("[H01] [H03] 50 parallel refreshes give one successor and no write; 50 uses of it one promotion", async () => {
    const { sessions, clock, store } = world();
    const jar = await signedIn(sessions);
    clock.advance(2 * MINUTE);
    store.calls.length = 0;
    const refreshed = await Promise.all(Array.from({ length: 50 }, () => request(sessions, jar.copy(), (s) => s.renew(), { "session-activity": "none" })));
    expect(new Set(refreshed.map(({ cookies }) => cookies[0]?.value)).size).toBe(1);
    expect(new Set(store.calls)).toEqual(new Set(["read"]));
    const next = jar.copy().take(refreshed[0]?.cookies ?? []);
    const used = await Promise.all(Array.from({ length: 50 }, () => request(sessions, next.copy())));
    expect(used.every(({ state }) => state.kind === "active")).toBe(true);
    const [{ id } = { id: "" as never }] = await sessions.list("ada");
    expect(recordOf(await store.read(id)).chain.step).toBe(1);
  });

  it("[H02] an old credential after overlap and skew ends the session, with an event", async () => {
    const { sessions, clock, events } = world();
    const jar = await signedIn(sessions);
    const thief = jar.copy();
    clock.advance(10 * MINUTE);
    await request(sessions, jar);
    await request(sessions, jar);
    clock.advance(MINUTE + 5000);
    expect((await request(sessions, thief)).state).toEqual({ kind: "none", ended: "reuse" });
    expect((await request(sessions, jar)).state).toEqual({ kind: "none", ended: "reuse" });
    expect(events).toContainEqual(expect.objectContaining({ type: "session_reuse_detected", action: "revoke", stepsBehind: 1 }));
  });

  it("[C12] a clock set back does not bring a superseded credential back", async () => {
    const { sessions, clock } = world();
    const jar = await signedIn(sessions);
    const old = jar.copy();
    clock.advance(10 * MINUTE);
    await request(sessions, jar);
    await request(sessions, jar);
    clock.advance(4 * MINUTE);
    await request(sessions, jar);
    clock.advance(-3.5 * MINUTE);
    expect((await request(sessions, old)).state.kind).toBe("none");
  });

  it("rule 8: the last step number ends the session as absolute", async () => {
    const { sessions, clock, store } = world();
    const jar = await signedIn(sessions);
    const [{ id } = { id: "" as never }] = await sessions.list("ada");
    const row = await store.read(id);
    if (!row) return expect.unreachable();
    const record = recordOf(row);
    const body = writeBody({ ...record, chain: { ...record.chain, step: 65_534 } });
    await store.update({ ...row, revision: row.revision + 1, body }, row.revision);
    clock.advance(11 * MINUTE);
    expect((await request(sessions, jar)).cookies).toHaveLength(1);
    expect((await request(sessions, jar)).state).toEqual({ kind: "none", ended: "absolute" });
  });

  it("a lost response signs nobody out: the old credential stays current until the new one is used", async () => {
    const { sessions, clock } = world();
    const jar = await signedIn(sessions);
    clock.advance(11 * MINUTE);
    for (let i = 0; i < 5; i++) {
      const { state, cookies } = await request(sessions, jar.copy());
      expect(state.kind).toBe("active");
      expect(cookies).toHaveLength(1);
      clock.advance(MINUTE);
    }
  });

  it("[H05] renewal never moves the absolute limit", async () => {
    const { sessions, clock } = world();
    const jar = await signedIn(sessions);
    const first = (await request(sessions, jar)).state;
    clock.advance(15 * MINUTE);
    await request(sessions, jar);
    const later = (await request(sessions, jar)).state;
    expect(later.kind === "active" && first.kind === "active" && later.absoluteAt === first.absoluteAt).toBe(true);
  });
});

describe("ending and listing", () => {
  it("[D01] sign-out ends the session on the server first: a captured cookie is dead, and all presented cookies are cleared", async () => {
    const { sessions, store } = world();
    const jar = await signedIn(sessions);
    const captured = jar.copy();
    store.calls.length = 0;
    const { cookies } = await request(sessions, jar, (s) => s.end());
    expect(store.calls).toEqual(["read", "end"]);
    expect(cookies).toHaveLength(1);
    expect(jar.cookies.size).toBe(0);
    expect((await request(sessions, captured)).state).toEqual({ kind: "none", ended: "logout" });
  });

  it("[D05] [D07] list, owns, revoke one, revoke all but this one", async () => {
    const { sessions } = world();
    const jars = [await signedIn(sessions), await signedIn(sessions), await signedIn(sessions)];
    const other = await signedIn(sessions, "grace");
    const mine = (await request(sessions, jars[0] ?? new Jar())).state;
    if (mine.kind !== "active") return expect.unreachable();
    const list = await sessions.list("ada", { current: mine.id });
    expect(list).toHaveLength(3);
    expect(list.filter(({ current }) => current).map(({ id }) => id)).toEqual([mine.id]);
    expect(JSON.stringify(list)).not.toContain([...(jars[0]?.cookies.values() ?? [])][0]?.slice(32, 75));
    expect(sessions.owns("ada", mine.id)).toBe(true);
    expect(sessions.owns("grace", mine.id)).toBe(false);
    expect(sessions.owns("ada", "x")).toBe(false);
    expect(await sessions.revokeAll("ada", { except: mine.id })).toMatchObject({ ended: 2 });
    expect((await request(sessions, jars[1] ?? new Jar())).state).toEqual({ kind: "none", ended: "revoked" });
    expect((await request(sessions, jars[0] ?? new Jar())).state.kind).toBe("active");
    expect((await request(sessions, other)).state.kind).toBe("active");
  });

  it("[D05] a sign-in that began before revokeAll is refused, a later one is not", async () => {
    const { sessions, clock } = world();
    const began = clock.now();
    const slow = await sessions.open(new Headers());
    slow.start("ada", {}, { authenticatedAt: began });
    clock.advance(1000);
    const { notBefore } = await sessions.revokeAll("ada");
    expect(await codeOf(() => slow.commit())).toBe("sign_in_revoked");
    clock.advance(1);
    const again = await sessions.open(new Headers());
    again.start("ada", {}, { authenticatedAt: notBefore + 1 });
    expect((await again.commit()).state.kind).toBe("active");
  });

  it("[D08] the limit counts live sessions only, under 100 parallel sign-ins", async () => {
    for (const whenFull of ["reject", "evict-oldest"] as const) {
      const { sessions, clock } = world({ policy: { concurrent: { max: 3, whenFull } } });
      const results = await Promise.all(Array.from({ length: 100 }, () => codeOf(() => signedIn(sessions))));
      expect(await sessions.list("ada")).toHaveLength(3);
      expect(results.filter((code) => code === "limit_reached")).toHaveLength(whenFull === "reject" ? 97 : 0);
      clock.advance(30 * MINUTE);
      expect(await codeOf(() => signedIn(sessions))).toBe("none");
    }
  });
});

describe("elevation", () => {
  const elevate = (s: Awaited<ReturnType<ReturnType<typeof world>["sessions"]["open"]>>) => s.elevate({ acr: "step-up", amr: ["pwd"], reauthenticated: true });

  it("[A06] [A13] the old credential never has the new rights, and is dead once the new one was used", async () => {
    const { sessions, clock } = world();
    const jar = await signedIn(sessions);
    const old = jar.copy();
    clock.advance(MINUTE);
    const { state, cookies } = await request(sessions, jar, elevate);
    expect(state).toMatchObject({ kind: "active", acr: "step-up", authenticatedAt: clock.now() });
    expect(cookies).toHaveLength(1);
    expect((await request(sessions, old)).state).toMatchObject({ kind: "active", acr: undefined });
    expect((await request(sessions, jar)).state).toMatchObject({ kind: "active", acr: "step-up", amr: ["pwd"] });
    expect((await request(sessions, old)).state).toEqual({ kind: "none", refused: "superseded" });
    expect((await request(sessions, jar)).state.kind).toBe("active");
  });

  it("a lost response or a double submit orphans nobody, in whatever order the responses arrive", async () => {
    const { sessions } = world();
    const jar = await signedIn(sessions);
    await request(sessions, jar.copy(), elevate); // lost
    expect((await request(sessions, jar)).state.kind).toBe("active");
    const [a, b] = await Promise.all([request(sessions, jar.copy(), elevate), request(sessions, jar.copy(), elevate)]);
    for (const responses of [[a, b], [b, a], [a], [b]]) {
      const copy = jar.copy();
      for (const { cookies } of responses) copy.take(cookies);
      expect((await request(sessions, copy)).state).toMatchObject({ kind: "active", acr: "step-up" });
    }
  });

  it("the first use of an elevated credential is one write, the next ones none", async () => {
    const { sessions, store } = world();
    const jar = await signedIn(sessions);
    await request(sessions, jar, elevate);
    store.calls.length = 0;
    await request(sessions, jar);
    await request(sessions, jar);
    expect(store.calls).toEqual(["read", "update", "read"]);
  });

  it("a late cookie of the old chain cannot undo the elevation", async () => {
    const { sessions, clock } = world();
    const jar = await signedIn(sessions);
    clock.advance(11 * MINUTE);
    const late = (await request(sessions, jar.copy())).cookies;
    await request(sessions, jar, elevate);
    await request(sessions, jar);
    jar.take(late);
    expect(jar.cookies.size).toBe(2);
    expect((await request(sessions, jar)).state).toMatchObject({ kind: "active", acr: "step-up" });
    // Not even a navigation clears the loser: a further elevation may be writing that very cookie now.
    const page = await sessions.open(jar.headers({ "sec-fetch-mode": "navigate" }));
    await request(sessions, jar, elevate);
    jar.take((await page.commit()).cookies);
    expect((await request(sessions, jar)).state.kind).toBe("active");
  });

  it("[B17] a navigation clears a dead cookie, another request does not, and a sign-in under way keeps its own", async () => {
    const { sessions, clock } = world();
    const jar = await signedIn(sessions);
    clock.advance(HOUR);
    expect((await request(sessions, jar)).cookies).toEqual([]);
    const page = await sessions.open(jar.headers({ "sec-fetch-mode": "navigate" }));
    await request(sessions, jar, (s) => s.start("ada"));
    jar.take((await page.commit()).cookies);
    expect((await request(sessions, jar)).state.kind).toBe("active");
    clock.advance(HOUR);
    await request(sessions, jar, undefined, { "sec-fetch-mode": "navigate" });
    expect(jar.cookies.size).toBe(0);
  });

  it("two elevations within the delay of one response lose to neither an old step nor an old clear", async () => {
    const { sessions, clock } = world();
    const jar = await signedIn(sessions);
    clock.advance(11 * MINUTE);
    const step = (await request(sessions, jar.copy())).cookies;
    const twin = await sessions.open(jar.headers());
    elevate(twin);
    await request(sessions, jar, elevate);
    const first = (await twin.commit()).cookies;
    await request(sessions, jar, elevate);
    jar.take(first).take(step);
    expect((await request(sessions, jar)).state).toMatchObject({ kind: "active", acr: "step-up" });
  });

  it("[C04] re-authentication restarts the absolute limit, a change of role does not", async () => {
    const { sessions, clock } = world();
    const jar = await signedIn(sessions);
    clock.advance(20 * MINUTE);
    await request(sessions, jar, (s) => s.elevate({ acr: "admin" }));
    const role = (await request(sessions, jar)).state;
    expect(role).toMatchObject({ acr: "admin", absoluteAt: clock.now() - 20 * MINUTE + 8 * HOUR, authenticatedAt: clock.now() - 20 * MINUTE });
    await request(sessions, jar, (s) => s.elevate({ reauthenticated: true }));
    expect((await request(sessions, jar)).state).toMatchObject({ acr: "admin", absoluteAt: clock.now() + 8 * HOUR, authenticatedAt: clock.now() });
  });
});

describe("faults", () => {
  it("[J04] a store that fails is `unavailable`: no cookie is deleted and nobody becomes anonymous", async () => {
    const { sessions, store } = world();
    const jar = await signedIn(sessions);
    store.fail = () => new Error("ECONNREFUSED");
    expect(await codeOf(() => sessions.open(jar.headers()))).toBe("unavailable");
    store.fail = () => undefined;
    expect((await request(sessions, jar)).state.kind).toBe("active");
  });

  it("a credential of an unknown key sets no cookie, reads nothing, and refuses writes with `unavailable`", async () => {
    const { sessions } = world();
    const jar = await signedIn(sessions);
    const other = world({ keys: { ...KEYS, keys: [{ id: 8, secret: Buffer.alloc(32, 8).toString("base64url"), state: "active", since: 0 }] } });
    const session = await other.sessions.open(jar.headers({ "sec-fetch-mode": "navigate" }));
    expect(session.state).toEqual({ kind: "none", refused: "indeterminate" });
    expect((await session.commit()).cookies).toEqual([]);
    const writer = await other.sessions.open(jar.headers());
    expect(() => writer.update((d) => ({ ...d, cart: ["x"] }))).toThrow(expect.objectContaining({ code: "unavailable" }));
    expect((await writer.commit()).cookies).toEqual([]);
    const lazy = other.sessions.prepare(jar.headers());
    lazy.renew();
    expect((await lazy.commit()).cookies).toEqual([]);
    expect(other.store.calls).toEqual([]);
  });

  it("[B15] two cookies of one name are both refused, with an event", async () => {
    const { sessions, events, store } = world();
    const jar = await signedIn(sessions);
    store.calls.length = 0;
    expect((await sessions.open(new Headers({ cookie: `${jar.header}; ${jar.header}` }))).state.kind).toBe("none");
    expect(store.calls).toEqual([]);
    expect(events).toContainEqual(expect.objectContaining({ type: "credential_rejected", why: "duplicate_cookie" }));
  });
});

describe("bearer credentials", () => {
  it("issue, use, refresh and sign out, never as a cookie", async () => {
    const { sessions, clock } = world();
    const { credential, state } = await sessions.issue("ada", { cart: ["x"] });
    expect(state).toMatchObject({ kind: "active", subject: "ada" });
    const bearer = (text: string) => new Headers({ authorization: `Bearer ${text}` });
    expect((await sessions.open(bearer(credential.reveal()))).state.kind).toBe("active");
    expect((await sessions.open(new Headers({ cookie: `__Host-sid-a=${credential.reveal()}` }))).state.kind).toBe("none");
    clock.advance(2 * MINUTE);
    const session = await sessions.open(bearer(credential.reveal()));
    session.renew();
    const refreshed = await session.commit();
    expect(refreshed.cookies).toEqual([]);
    expect(refreshed.credential?.reveal()).toHaveLength(96);
    const last = await sessions.open(bearer(refreshed.credential?.reveal() ?? ""));
    expect(last.state.kind).toBe("active");
    last.end();
    await last.commit();
    expect((await sessions.open(bearer(credential.reveal()))).state).toEqual({ kind: "none", ended: "logout" });
  });

  it("revoke takes no reason that nobody could read again", async () => {
    const { sessions } = world();
    const { state } = await sessions.issue("ada");
    await expect(sessions.revoke(state.id, "banned" as never)).rejects.toMatchObject({ code: "config", option: "reason" });
    expect(await sessions.get(state.id)).not.toBeNull();
  });
});
