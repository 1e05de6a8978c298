import { describe, expect, it } from "vitest";
import type { SessionStore, StoredSession } from "../src/store.ts";
import { createMemoryStore } from "../src/memory.ts";
import { INITIAL, type Jar, KEYS, MINUTE, request, signedIn, testClock, type TestClock, world } from "./support.ts";
import { createSessions, type SessionEvent } from "../src/index.ts";

const LEASE = 5000;

/** A store with a copy in this process: it answers from the copy for as long as its lease, unless it is asked to be authoritative. */
function cached(engine: SessionStore, clock: TestClock) {
  const copies = new Map<string, { readonly row: StoredSession | null; readonly at: number }>();
  // By id: the row with the epoch of revokeEverything is read as well, now and then.
  const reads: { readonly id: string; readonly from: "copy" | "engine" }[] = [];
  const store: SessionStore = {
    ...engine,
    capabilities: { ...engine.capabilities, index: false, cached: true },
    async read(id, options) {
      const copy = copies.get(id);
      if (!options?.authoritative && copy && clock.now() < copy.at + LEASE) {
        reads.push({ id, from: "copy" });
        return copy.row;
      }
      const row = await engine.read(id, options);
      reads.push({ id, from: "engine" });
      copies.set(id, { row, at: clock.now() });
      return row;
    },
  };
  return { store, reads, copies };
}

/** Two servers on one store: `far` reads it directly, `near` through a copy that only its own reads refresh. */
function servers() {
  const clock = testClock();
  const engine = createMemoryStore({ clock });
  const far = createSessions({ store: engine, keys: KEYS, clock, initial: INITIAL });
  const events: SessionEvent[] = [];
  const { store, reads, copies } = cached(engine, clock);
  const near = createSessions({ store, keys: KEYS, clock, initial: INITIAL, onEvent: (event) => events.push(event) });
  return { clock, far, near, reads, copies, events };
}

/** Where the session was read from since the last time this was asked. */
const sourcesOf = (reads: ReturnType<typeof servers>["reads"], id: string): string[] => reads.splice(0).filter((read) => read.id === id).map(({ from }) => from);

describe("a store with a copy in the process", () => {
  it("[D10] the copy says yes without the engine, and a revocation elsewhere is seen when its lease is over, at the latest", async () => {
    const { clock, far, near, reads } = servers();
    const jar = await signedIn(far);
    await request(near, jar);
    const [id = ""] = (await far.list("ada")).map((session) => session.id);
    sourcesOf(reads, id);
    expect((await request(near, jar)).state.kind).toBe("active");
    expect(sourcesOf(reads, id)).toEqual(["copy"]);
    await far.revokeAll("ada");
    clock.advance(LEASE - 1);
    expect((await request(near, jar)).state.kind).toBe("active");
    clock.advance(1);
    expect((await request(near, jar)).state).toEqual({ kind: "none", ended: "revoked" });
    // And a copy of the tombstone is asked about again: it says no, and only the engine may.
    sourcesOf(reads, id);
    expect((await request(near, jar)).state).toEqual({ kind: "none", ended: "revoked" });
    expect(sourcesOf(reads, id)).toEqual(["copy", "engine"]);
  });

  it("[D10] what changes the session does not believe the copy: nothing is written to a session that ended elsewhere", async () => {
    const { far, near } = servers();
    const jar = await signedIn(far);
    await request(near, jar);
    await far.revokeAll("ada");
    const session = await near.open(jar.headers());
    session.update((d) => ({ ...d, cart: ["ghost"] }));
    await expect(session.commit()).rejects.toMatchObject({ code: "no_session" });
    expect((await request(far, jar)).state).toEqual({ kind: "none", ended: "revoked" });
  });

  it("[D10] an old copy never says no: absent, expired, superseded or reuse are asked of the engine first, and nothing is ended for them", async () => {
    const { clock, far, near, reads, copies, events } = servers();
    const jar = await signedIn(far);
    await request(near, jar);
    const [id = ""] = (await far.list("ada")).map((session) => session.id);
    const old = copies.get(id)?.row;
    if (!old) return expect.unreachable();
    const isActive = async (which: Jar): Promise<void> => {
      sourcesOf(reads, id);
      expect((await request(near, which.copy(), undefined, { "session-activity": "none" })).state.kind).toBe("active");
      expect(sourcesOf(reads, id)).toEqual(["copy", "engine"]);
    };
    // Absent: a negative copy of before the sign-in.
    copies.set(id, { row: null, at: clock.now() });
    await isActive(jar);
    // Unknown credential: two steps on, which the copy has never heard of.
    for (let i = 0; i < 2; i++) {
      clock.advance(11 * MINUTE);
      await request(far, jar);
      await request(far, jar);
    }
    copies.set(id, { row: old, at: clock.now() });
    await isActive(jar);
    // Expired: the copy has not heard of the activity since.
    clock.advance(29 * MINUTE);
    await request(far, jar);
    copies.set(id, { row: old, at: clock.now() });
    await isActive(jar);
    expect(events.filter(({ type }) => type !== "session_renewed")).toEqual([]);
    expect((await request(far, jar)).state.kind).toBe("active");
  });

});

describe("a store without a copy", () => {
  it("[D10] each request reads the store itself: a revocation counts from the next request on", async () => {
    const { sessions, store } = world();
    const jar = await signedIn(sessions);
    const asked: unknown[] = [];
    const read = store.read.bind(store);
    store.read = (id, options) => (asked.push(options?.authoritative), read(id, options));
    for (let i = 0; i < 3; i++) await request(sessions, jar);
    await sessions.revokeAll("ada");
    expect((await request(sessions, jar)).state).toEqual({ kind: "none", ended: "revoked" });
    expect(asked).toEqual([true, true, true, true]);
  });

  it("[D10] a write that finds the session gone ends the copy's yes: the answer says why it is over, and promises no time", async () => {
    for (const due of ["touch", "promotion"]) {
      const { clock, far, near, copies } = servers();
      const jar = await signedIn(far);
      clock.advance(11 * MINUTE);
      await request(near, jar);
      if (due === "touch") await request(near, jar);
      const [{ id } = { id: "" }] = await far.list("ada");
      await far.revokeAll("ada");
      clock.advance(5 * MINUTE);
      const copy = copies.get(id);
      if (!copy) return expect.unreachable();
      copies.set(id, { ...copy, at: clock.now() });
      const { state, headers, cookies } = await request(near, jar);
      expect(state, due).toEqual({ kind: "none", ended: "revoked" });
      expect([headers, cookies], due).toEqual([[], []]);
    }
  });
});
