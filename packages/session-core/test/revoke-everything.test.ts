import { describe, expect, it } from "vitest";
import { createSessions } from "../src/index.ts";
import { longestLife } from "../src/lib/session/longest-life.ts";
import { createMemoryStore } from "../src/memory.ts";
import type { IndexedStore } from "../src/store.ts";
import { EPOCH, HOUR, INITIAL, Jar, KEYS, MINUTE, request, signedIn, spyStore, testClock, world, type World } from "./support.ts";

const DAY = 24 * HOUR;
const kindOf = async ({ sessions }: World, jar: Jar): Promise<string> => (await sessions.open(jar.headers())).state.kind;

/** Two servers on one store. */
function servers(clock = testClock(), store: IndexedStore = createMemoryStore({ clock })): { a: World; b: World; clock: typeof clock; store: IndexedStore } {
  return { a: world({ clock, store }), b: world({ clock, store }), clock, store };
}

describe("revokeEverything", () => {
  it("[D05] ends every session, guests included, at once where it was called", async () => {
    const { a, clock } = servers();
    const jars = [await signedIn(a.sessions, "ada"), await signedIn(a.sessions, "bob")];
    const guest = new Jar();
    const { state } = await request(a.sessions, guest, (s) => s.update((d) => ({ ...d, cart: ["rope"] })));
    const { credential } = await a.sessions.issue("eve");
    const { notBefore } = await a.sessions.revokeEverything();
    expect(notBefore).toBe(clock.now());
    for (const jar of [...jars, guest]) expect((await a.sessions.open(jar.headers())).state).toEqual({ kind: "none", ended: "revoked" });
    expect((await a.sessions.open(credential.reveal())).state).toEqual({ kind: "none", ended: "revoked" });
    expect(state.kind === "guest" && (await a.sessions.get(state.id))).toBeNull();
    expect(await a.sessions.list("ada")).toEqual([]);
    expect(await a.sessions.updateAll("ada", (d) => ({ ...d, cart: ["x"] }))).toBe(0);
    expect(a.events.map(({ type }) => type)).toContain("everything_revoked");
    expect(a.events.filter(({ type }) => type === "session_revoked")).toHaveLength(4);
  });

  it("[D05] ends them for good: what was seen dead is a tombstone, and a later write does not bring it back", async () => {
    const { a, b } = servers();
    const jar = await signedIn(a.sessions);
    const open = await a.sessions.open(jar.headers());
    open.update((d) => ({ ...d, cart: ["late"] }));
    open.elevate({ acr: "admin", reauthenticated: true });
    await a.sessions.revokeEverything();
    const late = jar.copy().take((await open.commit()).cookies);
    expect(await kindOf(a, late)).toBe("none");
    // The other server, with what it knew before, finds the tombstone.
    expect((await b.sessions.open(late.headers())).state).toEqual({ kind: "none", ended: "revoked" });
  });

  it("[D05] [D10] another server knows within 5 seconds, exactly", async () => {
    const { a, b, clock } = servers();
    const jar = await signedIn(b.sessions);
    expect(await kindOf(b, jar)).toBe("active");
    clock.advance(1);
    await a.sessions.revokeEverything();
    clock.advance(4998);
    // It last asked 4999 ms ago; one request asks ahead of time, and only the answer ends the session.
    b.store.fail = (verb) => (verb === "epoch" ? new Error("down") : undefined);
    expect(await kindOf(b, jar)).toBe("active");
    clock.advance(1);
    await expect(b.sessions.open(jar.headers())).rejects.toMatchObject({ code: "unavailable" });
    b.store.fail = () => undefined;
    expect((await b.sessions.open(jar.headers())).state).toEqual({ kind: "none", ended: "revoked" });
  });

  it("[D05] get, list, update and updateAll know it as late as a request does", async () => {
    const clock = testClock();
    const memory = createMemoryStore({ clock });
    // The epoch is the slower answer.
    const { a, store } = servers(clock, { ...memory, read: async (id, options) => (id === EPOCH && (await new Promise(setImmediate)), memory.read(id, options)) });
    const { state } = await a.sessions.issue("ada");
    const others = await Promise.all(Array.from({ length: 4 }, async () => {
      const { sessions } = world({ clock, store });
      expect(await sessions.list("ada")).toHaveLength(1);
      return sessions;
    }));
    clock.advance(1);
    await a.sessions.revokeEverything();
    clock.advance(4999);
    const [one, two, three, four] = others;
    expect(await one?.get(state.id)).toBeNull();
    expect(await two?.list("ada")).toEqual([]);
    await expect(three?.update(state.id, (d) => ({ ...d, cart: ["x"] }))).rejects.toMatchObject({ code: "no_session" });
    expect(await four?.updateAll("ada", (d) => ({ ...d, cart: ["x"] }))).toBe(0);
  });

  it("[D05] a fresh process knows it from its first request on, and its first sign-in lives", async () => {
    const { a, clock, store } = servers();
    const jar = await signedIn(a.sessions);
    await a.sessions.revokeEverything();
    clock.advance(DAY);
    const fresh = world({ clock, store });
    const { credential } = await fresh.sessions.issue("ada");
    expect((await fresh.sessions.open(credential.reveal())).state.kind).toBe("active");
    expect((await a.sessions.open(credential.reveal())).state.kind).toBe("active");
    expect(await kindOf(world({ clock, store }), jar)).toBe("none");
  });

  it("[D05] refuses sign-ins that began before it, two-step ones too, and lets later ones in", async () => {
    const { a, b, clock } = servers();
    const before = clock.now();
    const waiting = await a.sessions.open(new Headers());
    waiting.start("ada");
    clock.advance(10_000);
    await a.sessions.revokeEverything();
    await expect(waiting.commit()).rejects.toMatchObject({ code: "sign_in_revoked" });
    clock.advance(MINUTE);
    for (const { sessions } of [a, b]) {
      await expect(sessions.issue("ada", {}, { authenticatedAt: before })).rejects.toMatchObject({ code: "sign_in_revoked" });
      await expect(sessions.issue("ada", {}, { authenticatedAt: before + 10_000 })).rejects.toMatchObject({ code: "sign_in_revoked" });
      const { state } = await sessions.issue("ada", {}, { authenticatedAt: before + 10_001 });
      expect(await b.sessions.get(state.id)).not.toBeNull();
    }
  });

  it("sessions that it ended do not count against a limit", async () => {
    const { sessions, clock } = world({ policy: { concurrent: { max: 1, whenFull: "reject" } } });
    await sessions.issue("ada");
    await expect(sessions.issue("ada")).rejects.toMatchObject({ code: "limit_reached" });
    await sessions.revokeEverything();
    clock.advance(1);
    await sessions.issue("ada");
    expect(await sessions.list("ada")).toHaveLength(1);
  });

  it("counts: pressed twice in one millisecond, or on a clock that is behind, it ends what was made between", async () => {
    const { a, b, clock } = servers();
    const numberNow = async (): Promise<number> => (JSON.parse((await a.store.read(EPOCH))?.body ?? "{}") as { number: number }).number;
    await a.sessions.revokeEverything();
    const first = await numberNow();
    clock.advance(1);
    const between = await signedIn(a.sessions);
    expect(await kindOf(a, between)).toBe("active");
    clock.advance(-HOUR);
    const { notBefore } = await b.sessions.revokeEverything();
    expect(notBefore).toBe(clock.now() + HOUR - 1);
    clock.advance(HOUR + 5000);
    expect(await kindOf(a, between)).toBe("none");
    await Promise.all([a, b, a, b].map(({ sessions }) => sessions.revokeEverything()));
    expect(await numberNow()).toBeGreaterThanOrEqual(first + 5);
  });

  it("a lost acknowledgement is settled by looking, and a fault before the write says unavailable", async () => {
    const { a, store } = servers();
    const jar = await signedIn(a.sessions);
    let lost = true;
    const create = store.create.bind(store);
    Object.assign(store, {
      create: async (...args: Parameters<typeof create>) => {
        const result = await create(...args);
        if (args[0].id === EPOCH && lost) throw new Error("ECONNRESET");
        return result;
      },
    });
    await a.sessions.revokeEverything();
    lost = false;
    expect(await kindOf(a, jar)).toBe("none");
    a.store.fail = (verb) => (verb === "epoch" ? new Error("down") : undefined);
    await expect(a.sessions.revokeEverything()).rejects.toMatchObject({ code: "unavailable" });
  });

  it("keeps what it knows from an answer that was asked for before the button was pressed", async () => {
    const { a, store, clock } = servers();
    const jar = await signedIn(a.sessions);
    clock.advance(MINUTE);
    const read = store.read.bind(store);
    let answer: (() => void) | undefined;
    Object.assign(store, {
      read: async (...args: Parameters<typeof read>) => {
        const row = await read(...args);
        if (args[0] === EPOCH && !answer) await new Promise<void>((resolve) => (answer = resolve));
        return row;
      },
    });
    const slow = a.sessions.open(jar.copy().headers());
    await a.sessions.revokeEverything();
    answer?.();
    expect((await slow).state.kind).toBe("none");
    expect(await kindOf(a, jar)).toBe("none");
  });

  it("asks beside the session's read, never before it, and nobody asks for a visitor or a forgery", async () => {
    const clock = testClock();
    const memory = createMemoryStore({ clock });
    const { sessions, store } = world({ clock, store: memory });
    const jar = await signedIn(sessions);
    clock.advance(MINUTE);
    const asked: string[] = [];
    const gates: (() => void)[] = [];
    const gated = spyStore({ ...memory, read: async (id, options) => (asked.push(id === EPOCH ? "epoch" : "session"), await new Promise<void>((go) => gates.push(go)), memory.read(id, options)) });
    const slow = createSessions({ store: gated, keys: KEYS, clock, initial: INITIAL });
    const opening = slow.open(jar.headers());
    expect(asked.sort()).toEqual(["epoch", "session"]);
    for (const go of gates) go();
    expect((await opening).state.kind).toBe("active");
    store.calls.length = store.epochs.length = 0;
    await request(sessions, new Jar());
    const [[name = "", value = ""] = []] = [...jar.cookies];
    await sessions.open(new Headers({ cookie: `${name}=${value.slice(0, 90)}AAAAAA` }));
    expect([...store.calls, ...store.epochs]).toEqual([]);
  });

  it("asks once in 4 seconds, however many requests there are", async () => {
    const { sessions, store, clock } = world();
    const jar = await signedIn(sessions);
    store.calls.length = store.epochs.length = 0;
    for (let ms = 0; ms < 40_000; ms += 100) {
      await Promise.all([1, 2, 3].map(() => request(sessions, jar.copy(), undefined, { "session-activity": "none" })));
      clock.advance(100);
    }
    expect(store.epochs).toHaveLength(9);
    expect(store.calls).toHaveLength(1200);
  });

  it("the row outlives a memory store full of guests, and is as long there as any session could be", async () => {
    const clock = testClock();
    const store = createMemoryStore({ clock, maxSessions: 3 });
    const { sessions } = world({ clock, store });
    const jar = await signedIn(sessions);
    await sessions.revokeEverything();
    for (let i = 0; i < 20; i++) await request(sessions, new Jar(), (s) => s.update((d) => ({ ...d, cart: ["rope"] })));
    expect(await kindOf(world({ clock, store }), jar)).toBe("none");
    expect((await store.read(EPOCH))?.expiresAt).toBe(clock.now() + longestLife(sessions.policy) + 5000);
  });

  it("[K01] [K04] a store that may drop rows says that it cannot, and is not asked", async () => {
    const clock = testClock();
    const memory = createMemoryStore({ clock });
    const { sessions, store } = world({ clock, store: { ...memory, capabilities: { ...memory.capabilities, evicts: true } } as IndexedStore });
    await expect(sessions.revokeEverything()).rejects.toMatchObject({ code: "unsupported" });
    await request(sessions, await signedIn(sessions));
    expect(store.epochs).toEqual([]);
  });

  it("[D05] 50 sign-ins race with the button on two servers: none that began before it lives", async () => {
    for (let round = 0; round < 10; round++) {
      const { a, b, clock } = servers();
      await signedIn(a.sessions);
      await signedIn(b.sessions);
      const pressAt = round * 5;
      const signIns: Promise<string | undefined>[] = [];
      let pressed: Promise<unknown> | undefined;
      for (let i = 0; i < 50; i++) {
        if (i === pressAt) pressed = a.sessions.revokeEverything();
        signIns.push((i % 2 ? a : b).sessions.issue(`user${i}`, {}, { authenticatedAt: clock.now() - (i % 3) * 1000 }).then(({ credential }) => credential.reveal(), () => undefined));
        if (i % 7 === round % 7) await Promise.resolve();
      }
      await pressed;
      clock.advance(5001);
      for (const credential of await Promise.all(signIns)) {
        if (credential === undefined) continue;
        for (const { sessions } of [a, b]) expect((await sessions.open(credential)).state.kind).toBe("none");
      }
    }
  });
});
