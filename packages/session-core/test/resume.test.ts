import { describe, expect, it } from "vitest";
import { type PolicyOptions, resolvePolicy, type RequestSession } from "../src/index.ts";
import { codeOf, type Data, HOUR, Jar, MINUTE, request, signedIn, world } from "./support.ts";

const NAVIGATION = { "sec-fetch-mode": "navigate" };
const LAPSED = { kind: "none", ended: "idle", resumable: true };
const resume = (s: RequestSession<Data>): void => s.start("ada", {}, { resume: true, amr: ["pwd"] });

/** Somebody who filled a cart and then went to lunch. */
async function atLunch(policy: PolicyOptions = "nistAal2", away = 61 * MINUTE) {
  const it = world({ policy });
  const jar = new Jar();
  const { state } = await request(it.sessions, jar, (s) => s.start("ada", { cart: ["rope"] }, { acr: "aal2", amr: ["pwd", "otp"], device: "laptop" }));
  if (state.kind !== "active") return expect.unreachable();
  it.clock.advance(10 * MINUTE);
  await request(it.sessions, jar);
  it.clock.advance(away);
  it.store.calls.length = 0;
  return { ...it, jar, first: state };
}

describe("[C06] resuming after idle", () => {
  it("AAL2: one factor and the credential bring data and rights into a new session with the old absolute limit", async () => {
    const { sessions, clock, jar, first, events } = await atLunch();
    const old = jar.copy();
    expect((await request(sessions, jar, undefined, NAVIGATION)).state).toEqual(LAPSED);
    expect(jar.header).toBe(old.header);
    clock.advance(HOUR);
    const { state, cookies } = await request(sessions, jar, resume, NAVIGATION);
    expect(state).toMatchObject({ kind: "active", subject: "ada", data: { cart: ["rope"] }, acr: "aal2", amr: ["pwd"], device: "laptop", authenticatedAt: clock.now(), absoluteAt: first.absoluteAt });
    expect(cookies).toHaveLength(2);
    const again = (await request(sessions, jar)).state;
    expect(again).toMatchObject({ kind: "active", data: { cart: ["rope"] }, absoluteAt: first.absoluteAt });
    expect(again.kind === "active" && again.id !== first.id).toBe(true);
    expect((await request(sessions, old)).state).toEqual({ kind: "none", refused: "superseded" });
    expect(await sessions.list("ada")).toHaveLength(1);
    expect(events.filter(({ type }) => type === "session_expired")).toMatchObject([{ reason: "idle" }]);
    for (; clock.now() < first.absoluteAt - HOUR; clock.advance(50 * MINUTE)) expect((await request(sessions, jar)).state.kind).toBe("active");
    clock.set(first.absoluteAt);
    expect((await request(sessions, jar)).state).toMatchObject({ kind: "none" });
  });

  it("AAL3 and every other profile: the full sign-in, and the row is an ended one", async () => {
    for (const policy of ["nistAal3", "default", "pci", "hipaa", "banking"] as const) {
      const { sessions, store, jar, first } = await atLunch(policy, 10 * HOUR > resolvePolicy(policy).absolute ? 31 * MINUTE : 61 * MINUTE);
      await request(sessions, jar);
      const session = await sessions.open(jar.headers());
      expect(session.state).not.toHaveProperty("resumable");
      store.calls.length = 0;
      expect(() => resume(session)).toThrow(expect.objectContaining({ code: "config", option: "policy.resume" }));
      await session.commit();
      expect(store.calls).toEqual([]);
      expect(await sessions.get(first.id)).toBeNull();
    }
    expect(() => resolvePolicy({ profile: "nistAal3", resume: true })).toThrow(expect.objectContaining({ option: "policy.resume" }));
    expect(() => resolvePolicy({ resume: "yes" as never })).toThrow(expect.objectContaining({ option: "policy.resume" }));
    expect([resolvePolicy("nistAal2").resume, resolvePolicy().resume]).toEqual([true, false]);
  });

  it("[C05] until then it is over for every API, and neither a late touch nor a longer limit brings it back", async () => {
    const { sessions, store, clock, jar, first } = await atLunch();
    await request(sessions, jar);
    expect(await sessions.get(first.id)).toBeNull();
    expect(await sessions.list("ada")).toEqual([]);
    expect(await codeOf(() => sessions.update(first.id, (d) => d))).toBe("no_session");
    expect(await sessions.updateAll("ada", () => ({ cart: [], prefs: {} }))).toBe(0);
    const elevates = await sessions.open(jar.headers());
    expect(await codeOf(() => elevates.elevate({ acr: "admin" }))).toBe("no_session");
    await store.touch(first.id, clock.now(), first.absoluteAt);
    expect((await request(sessions, jar)).state).toEqual(LAPSED);
    const longer = world({ clock, store, policy: { profile: "nistAal2", idle: 20 * HOUR, absolute: 24 * HOUR } });
    expect((await request(longer.sessions, jar)).state).toEqual(LAPSED);
    const without = world({ clock, store, policy: { idle: 20 * HOUR, absolute: 24 * HOUR } });
    expect((await request(without.sessions, jar)).state).toEqual({ kind: "none", ended: "idle" });
    expect((await request(sessions, jar)).state).toEqual({ kind: "none", ended: "idle" });
  });

  it("another subject, a living session, nobody, or past the absolute limit: refused, and nothing is written", async () => {
    const lunch = await atLunch();
    await request(lunch.sessions, lunch.jar);
    const cases: [string, Jar, (s: RequestSession<Data>) => void, number][] = [
      ["another subject", lunch.jar, (s) => s.start("grace", {}, { resume: true }), 0],
      ["nobody", new Jar(), resume, 0],
      ["a living session", await signedIn(lunch.sessions), resume, 0],
      ["after the absolute limit", lunch.jar, resume, 24 * HOUR],
    ];
    for (const [label, jar, act, later] of cases) {
      lunch.clock.advance(later);
      const session = await lunch.sessions.open(jar.headers());
      lunch.store.calls.length = 0;
      expect(await codeOf(() => act(session)), label).toBe("no_session");
      const { cookies } = await session.commit();
      expect([label, cookies, lunch.store.calls]).toEqual([label, [], []]);
      const lazy = lunch.sessions.prepare(jar.headers());
      expect(await codeOf(async () => (act(lazy), lazy.commit())), label).toBe("no_session");
      expect(lunch.store.calls.filter((call) => call === "create" || call === "update"), label).toEqual([]);
    }
  });

  it("an older credential of the session is not its holder", async () => {
    const { sessions, clock, jar } = await atLunch("nistAal2", 0);
    const old = jar.copy();
    clock.advance(MINUTE);
    await request(sessions, jar);
    await request(sessions, jar);
    await request(sessions, jar, (s) => s.renew());
    clock.advance(10 * MINUTE);
    await request(sessions, jar);
    await request(sessions, jar);
    clock.advance(61 * MINUTE);
    expect(old.header).not.toBe(jar.header);
    const session = await sessions.open(old.headers());
    expect(session.state).toEqual({ kind: "none", ended: "idle" });
    expect(await codeOf(() => resume(session))).toBe("no_session");
  });

  it("of two that resume it at once one does; signing out, revokeAll and a plain sign-in take the possibility away", async () => {
    const twice = await atLunch();
    await request(twice.sessions, twice.jar);
    const [a, b] = [await twice.sessions.open(twice.jar.headers()), await twice.sessions.open(twice.jar.headers())];
    resume(a);
    resume(b);
    expect([await codeOf(() => a.commit()), await codeOf(() => b.commit())].sort()).toEqual(["no_session", "none"]);
    expect(await twice.sessions.list("ada")).toHaveLength(1);

    const out = await atLunch();
    const copy = out.jar.copy();
    await request(out.sessions, out.jar, (s) => s.end());
    expect(out.jar.cookies.size).toBe(0);
    expect((await request(out.sessions, copy)).state).toEqual({ kind: "none", ended: "logout" });

    const revoked = await atLunch();
    await revoked.sessions.revokeAll("ada");
    expect((await request(revoked.sessions, revoked.jar)).state).toEqual({ kind: "none", ended: "revoked" });

    const plain = await atLunch();
    const before = plain.jar.copy();
    const { state } = await request(plain.sessions, plain.jar, (s) => s.start("ada"));
    expect(state).toMatchObject({ data: { cart: [] }, absoluteAt: plain.clock.now() + 24 * HOUR });
    expect((await request(plain.sessions, before)).state).toEqual({ kind: "none", refused: "superseded" });
  });

  it("what idled out stays while there is room, and never counts against a sign-in", async () => {
    for (const whenFull of ["reject", "evict-oldest"] as const) {
      const policy = { profile: "nistAal2", concurrent: { max: 2, whenFull } } as const;
      const { sessions, jar, clock } = await atLunch(policy);
      await signedIn(sessions);
      expect((await request(sessions, jar)).state).toEqual(LAPSED);
      clock.advance(1);
      await signedIn(sessions);
      expect(await sessions.list("ada")).toHaveLength(2);
      expect((await request(sessions, jar)).state).toEqual({ kind: "none", ended: "idle" });
    }
    const one = await atLunch({ profile: "nistAal2", concurrent: { max: 1, whenFull: "reject" } });
    expect((await request(one.sessions, one.jar, resume)).state.kind).toBe("active");
  });

  it("guests have nothing to resume: their rows go as before", async () => {
    const { sessions, clock, store } = world({ policy: { profile: "nistAal2", guest: { idle: HOUR, absolute: 24 * HOUR } } });
    const jar = new Jar();
    const { state } = await request(sessions, jar, (s) => s.update((d) => ({ ...d, cart: ["x"] })));
    if (state.kind !== "guest") return expect.unreachable();
    expect((await store.read(state.id))?.expiresAt).toBe(clock.now() + HOUR + 10 * MINUTE);
    clock.advance(HOUR);
    expect((await request(sessions, jar)).state).toEqual({ kind: "none", ended: "idle" });
  });
});
