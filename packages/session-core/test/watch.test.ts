import { describe, expect, it } from "vitest";
import { HoldfastError, type SessionId } from "../src/index.ts";
import { createMemoryStore } from "../src/memory.ts";
import { HOUR, type Jar, manualClock, MINUTE, request, signedIn, world } from "./support.ts";

/** Two servers on one store and one clock. */
function twoServers(options: Parameters<typeof world>[0] = {}) {
  const clock = manualClock();
  const store = createMemoryStore({ clock });
  const here = world({ ...options, store, clock });
  const there = world({ ...options, store, clock });
  return { clock, here, there };
}

const reasonOf = (signal: AbortSignal): string => {
  const error: unknown = signal.reason;
  return error instanceof HoldfastError && error.code === "no_session" ? (error.reason ?? "") : String(error);
};

async function member(sessions: ReturnType<typeof world>["sessions"]): Promise<{ jar: Jar; id: SessionId }> {
  const jar = await signedIn(sessions);
  const { state } = await request(sessions, jar);
  return state.kind === "active" ? { jar, id: state.id } : expect.unreachable();
}

describe("watch", () => {
  it("fires at once for an ending in this process, with the reason and no secret", async () => {
    type Sessions = ReturnType<typeof world>["sessions"];
    const endings: Record<string, (sessions: Sessions, jar: Jar, id: SessionId) => Promise<unknown>> = {
      logout: (sessions, jar) => request(sessions, jar, (s) => s.end()),
      revoked: (sessions, _jar, id) => sessions.revoke(id),
      idle: (sessions, _jar, id) => sessions.revoke(id, "idle"),
      superseded: (sessions, jar) => request(sessions, jar, (s) => s.start("ada")),
    };
    for (const [reason, end] of Object.entries(endings)) {
      const { here, clock } = twoServers();
      const { jar, id } = await member(here.sessions);
      const cookie = jar.header;
      const signal = here.sessions.watch(id);
      expect(signal.aborted).toBe(false);
      await end(here.sessions, jar, id);
      expect(signal.aborted, reason).toBe(true);
      expect(reasonOf(signal)).toBe(reason);
      expect(JSON.stringify(signal.reason) + String(signal.reason)).not.toMatch(new RegExp(`${id}|${cookie.slice(-60)}`));
      await clock.pass(5000);
      expect(clock.waiting).toBe(0);
    }
  });

  it("[D05] [E16] fires at once for revokeEverything, and elsewhere within the interval and 5 s", async () => {
    const { here, there, clock } = twoServers();
    const { jar, id } = await member(here.sessions);
    const [near, far] = [here.sessions.watch(id), there.sessions.watch(id)];
    await request(there.sessions, jar);
    await here.sessions.revokeEverything();
    expect([near.aborted, reasonOf(near), far.aborted]).toEqual([true, "revoked", false]);
    await clock.pass(5000);
    await clock.pass(5000);
    expect([far.aborted, reasonOf(far)]).toEqual([true, "revoked"]);
  });

  it("fires at once for revokeAll, an eviction, a reuse, and an expiry that a request notices", async () => {
    const { here, clock } = twoServers({ policy: { concurrent: { max: 2, whenFull: "evict-oldest" } } });
    const first = await member(here.sessions);
    const watching = here.sessions.watch(first.id);
    clock.advance(1);
    await signedIn(here.sessions);
    await signedIn(here.sessions);
    expect(reasonOf(watching)).toBe("revoked");

    const second = await member(here.sessions);
    const all = here.sessions.watch(second.id);
    await here.sessions.revokeAll("ada");
    expect(reasonOf(all)).toBe("revoked");

    clock.advance(1);
    const third = await member(here.sessions);
    const thief = third.jar.copy();
    const reuse = here.sessions.watch(third.id);
    clock.advance(10 * MINUTE);
    await request(here.sessions, third.jar);
    await request(here.sessions, third.jar);
    clock.advance(2 * MINUTE);
    await request(here.sessions, thief);
    expect(reasonOf(reuse)).toBe("reuse");

    const fourth = await member(here.sessions);
    const idle = here.sessions.watch(fourth.id);
    clock.advance(HOUR / 2);
    await request(here.sessions, fourth.jar);
    expect(reasonOf(idle)).toBe("idle");
  });

  it("[D10] fires within `every` for an ending on another server", async () => {
    const { here, there, clock } = twoServers();
    const { id } = await member(here.sessions);
    const signal = here.sessions.watch(id);
    await clock.pass(5000);
    expect(signal.aborted).toBe(false);
    await there.sessions.revoke(id);
    await clock.pass(4999);
    expect(signal.aborted).toBe(false);
    await clock.pass(1);
    expect(reasonOf(signal)).toBe("revoked");
    expect(clock.waiting).toBe(0);
  });

  it("fires within `every` of an expiry, of a row that is gone, and for what was over before", async () => {
    const { here, clock } = twoServers();
    const { id } = await member(here.sessions);
    const idle = here.sessions.watch(id, { every: MINUTE });
    await clock.pass(0);
    await clock.pass(30 * MINUTE);
    expect(reasonOf(idle)).toBe("idle");
    const gone = here.sessions.watch(id, { every: MINUTE });
    const never = here.sessions.watch("no id" as SessionId);
    clock.advance(HOUR);
    await clock.pass(0);
    expect([reasonOf(gone), reasonOf(never)]).toEqual(["idle", "none"]);
    const later = here.sessions.watch(id);
    await clock.pass(0);
    expect(reasonOf(later)).toBe("none");
  });

  it("watchers of one session share one poll, which asks authoritatively, keeps the shortest interval, and stops with the last of them", async () => {
    const { here, clock } = twoServers();
    const { id } = await member(here.sessions);
    const stops = [new AbortController(), new AbortController(), new AbortController()] as const;
    here.store.calls.length = 0;
    const signals = [here.sessions.watch(id, { signal: stops[0].signal }), here.sessions.watch(id, { signal: stops[1].signal }), here.sessions.watch(id, { every: 7000, signal: stops[2].signal })];
    for (let i = 0; i < 3; i++) await clock.pass(5000);
    expect(here.store.calls).toEqual(["read", "read", "read"]);
    here.sessions.watch(id, { every: 1000, signal: stops[0].signal });
    await clock.pass(0);
    here.store.calls.length = 0;
    for (let i = 0; i < 10; i++) await clock.pass(1000);
    expect(here.store.calls).toHaveLength(10);
    stops.forEach((stop) => void stop.abort());
    await clock.pass(5000);
    expect(clock.waiting).toBe(0);
    await here.sessions.revoke(id);
    expect(signals.map(({ aborted }) => aborted)).toEqual([false, false, false]);
    expect(here.sessions.watch(id, { signal: stops[0].signal }).aborted).toBe(false);
    expect(clock.waiting).toBe(0);
  });

  it("a store that fails is not an ending: it goes on asking", async () => {
    const { here, there, clock } = twoServers();
    const { id } = await member(here.sessions);
    const signal = here.sessions.watch(id);
    here.store.fail = () => new Error("down");
    for (let i = 0; i < 4; i++) await clock.pass(5000);
    expect(signal.aborted).toBe(false);
    await there.sessions.revoke(id);
    here.store.fail = () => undefined;
    await clock.pass(5000);
    expect(reasonOf(signal)).toBe("revoked");
  });

  it("refuses an interval that would hammer the store", () => {
    const { here } = twoServers();
    for (const every of [0, 99, Number.NaN, "5s" as never]) expect(() => here.sessions.watch("x" as SessionId, { every })).toThrow(expect.objectContaining({ code: "config", option: "every" }));
  });
});
