import { inspect } from "node:util";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createSessions, HoldfastError, type RequestSession } from "../src/index.ts";
import { createMemoryStore } from "../src/memory.ts";
import type { IndexedStore, StoreOptions } from "../src/store.ts";
import { type Data, type Jar, KEYS, MINUTE, request, signedIn, testClock, world, type World } from "./support.ts";

type Fault = "fails" | "hangs" | "hangs, ignores its signal" | "hangs after the write";
const FAULTS: readonly Fault[] = ["fails", "hangs", "hangs, ignores its signal", "hangs after the write"];
const VERBS = ["read", "create", "update", "touch", "end", "list", "endAll", "sweep"] as const;
const OPTIONS_AT: Record<string, number> = { read: 1, create: 2, update: 2, touch: 3, end: 2, list: 1, endAll: 2, sweep: 2 };

/** A store behind a network that can go down at the nth call. */
function remoteStore(inner: IndexedStore) {
  const link = { calls: [] as string[], signals: [] as (AbortSignal | undefined)[], downAt: undefined as number | undefined, upAgain: true, fault: "fails" as Fault };
  const store = { capabilities: { ...inner.capabilities, inProcess: false } } as IndexedStore;
  for (const verb of VERBS) {
    const call = inner[verb] as (...args: unknown[]) => Promise<unknown>;
    Object.assign(store, {
      [verb]: (...args: unknown[]): Promise<unknown> => {
        const at = link.calls.push(verb) - 1;
        const signal = (args[OPTIONS_AT[verb] ?? 0] as StoreOptions | undefined)?.signal;
        link.signals.push(signal);
        const down = link.downAt !== undefined && (link.upAgain ? at === link.downAt : at >= link.downAt);
        if (!down) return call.apply(inner, args);
        if (link.fault === "fails") return Promise.reject(new Error("ECONNRESET"));
        const pending = link.fault === "hangs after the write" ? call.apply(inner, args) : Promise.resolve();
        return pending.then(() => new Promise((_resolve, reject) => {
          if (link.fault !== "hangs, ignores its signal") signal?.addEventListener("abort", () => reject(signal.reason as Error), { once: true });
        }));
      },
    });
  }
  return { store, link };
}

function remoteWorld(options: Parameters<typeof world>[0] = {}) {
  const clock = testClock();
  const { store, link } = remoteStore(createMemoryStore({ clock }));
  return { ...world({ store, clock, ...options }), link };
}

/** The outcome, with as much real time as the deadlines need. */
async function settle<T>(work: Promise<T>): Promise<T | HoldfastError> {
  let done = false;
  const settled = work.catch((error: unknown) => {
    if (error instanceof HoldfastError) return error;
    throw error;
  }).finally(() => (done = true));
  for (let i = 0; i < 40 && !done; i++) await vi.advanceTimersByTimeAsync(1000);
  expect(done).toBe(true);
  return settled;
}

const ACTS: Record<string, (session: RequestSession<Data>) => void> = {
  read: () => undefined,
  update: (s) => s.update((d) => ({ ...d, cart: ["rope"] })),
  touch: (s) => s.touch(),
  elevate: (s) => s.elevate({ acr: "admin", reauthenticated: true }),
  end: (s) => s.end(),
  start: (s) => s.start("ada", {}, { carry: ["cart"] }),
};

/** One request whose nth store call goes wrong; `undefined` when it makes no such call. */
async function wrong(act: string, fault: Fault, nth: number, upAgain: boolean) {
  const it = remoteWorld({ policy: { concurrent: { max: 3, whenFull: "evict-oldest" } } });
  const jar = await signedIn(it.sessions);
  it.clock.advance(11 * MINUTE);
  await request(it.sessions, jar); // now holds the successor: the next request promotes
  const before = jar.copy();
  it.link.calls.length = 0;
  Object.assign(it.link, { downAt: nth, fault, upAgain });
  const outcome = await settle(request(it.sessions, jar, ACTS[act]));
  const reached = it.link.calls.length > nth;
  it.link.downAt = undefined;
  return reached ? { ...it, outcome, before, jar } : undefined;
}

describe("a store that is down", () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] }));
  afterEach(() => void vi.useRealTimers());

  it("[J04] any verb, failing or hanging, at any point of a request: `unavailable`, nobody is signed out or becomes somebody else", async () => {
    let tried = 0;
    for (const act of Object.keys(ACTS)) {
      for (const fault of FAULTS) {
        for (const upAgain of [true, false]) {
          for (let nth = 0; ; nth++) {
            const run = await wrong(act, fault, nth, upAgain);
            if (!run) break;
            tried += 1;
            const { outcome, before, jar, sessions, events } = run;
            const label = `${act}, call ${nth} ${fault}, ${upAgain ? "once" : "from then on"}`;
            if (outcome instanceof HoldfastError) {
              expect(outcome.code, label).toBe("unavailable");
              expect(events.some(({ type }) => type === "store_failed"), label).toBe(true);
              expect(jar.header, label).toBe(before.header);
            } else {
              // Housekeeping that failed, or a write whose acknowledgement was lost: the answer stands.
              expect(outcome.state, label).toMatchObject(act === "end" ? { kind: "none", ended: "logout" } : { kind: "active", subject: "ada" });
              if (act !== "end" && act !== "start") expect(outcome.cookies.filter(({ header }) => header.includes("Max-Age=0")), label).toEqual([]);
            }
            const after = await request(sessions, outcome instanceof HoldfastError ? before.copy() : jar);
            // Whoever was told "unavailable" may have been heard all the same, but is never anybody else, or nobody for no reason.
            if (after.state.kind === "active") expect(after.state.subject, label).toBe("ada");
            else expect([act, after.state.kind], label).toEqual([expect.stringMatching(/^(end|start)$/), "none"]);
            if (!(outcome instanceof HoldfastError) && act === "update") expect(after.state, label).toMatchObject({ data: { cart: ["rope"] } });
            if (outcome instanceof HoldfastError && act === "elevate" && after.state.kind === "active") expect(after.state.acr, label).toBeUndefined();
          }
        }
      }
    }
    expect(tried).toBeGreaterThan(80);
  });

  it("[J04] a hanging update that was written is settled by its writeId once the store answers again, and is not written twice", async () => {
    const { sessions, link, store } = remoteWorld();
    const jar = await signedIn(sessions);
    link.calls.length = 0;
    Object.assign(link, { downAt: 1, fault: "hangs after the write" });
    const outcome = await settle(request(sessions, jar, (s) => s.update((d) => ({ ...d, cart: [...d.cart, "rope"] }))));
    expect(outcome).toMatchObject({ state: { kind: "active", data: { cart: ["rope"] } } });
    expect(link.calls).toEqual(["read", "update", "read"]);
    const [{ id } = { id: "" as never }] = await sessions.list("ada");
    expect((await store.read(id))?.revision).toBeGreaterThan(0);
  });

  it("[J04] a verb that throws instead of rejecting leaves no timer behind", async () => {
    const memory = createMemoryStore();
    let connected = true;
    const read: IndexedStore["read"] = (...call) => {
      if (!connected) throw new Error("no connection");
      return memory.read(...call);
    };
    const sessions = createSessions({ store: { ...memory, read, capabilities: { ...memory.capabilities, inProcess: false } }, keys: KEYS });
    const { state } = await sessions.issue("ada");
    connected = false;
    const before = vi.getTimerCount();
    await expect(sessions.get(state.id)).rejects.toMatchObject({ code: "unavailable" });
    expect(vi.getTimerCount()).toBe(before);
  });

  it("[J04] outside requests it is the same: get, list, update, revoke, revokeAll, issue, sweep", async () => {
    for (const fault of FAULTS) {
      const { sessions, link } = remoteWorld();
      await signedIn(sessions);
      const [{ id } = { id: "" as never }] = await sessions.list("ada");
      const calls = [() => sessions.get(id), () => sessions.list("ada"), () => sessions.update(id, () => ({ cart: ["x"], prefs: {} })), () => sessions.revoke(id), () => sessions.revokeAll("ada"), () => sessions.issue("ada"), () => sessions.sweep()];
      for (const call of calls) {
        Object.assign(link, { downAt: link.calls.length, upAgain: false, fault });
        expect(await settle<unknown>(call()), `${String(call)} ${fault}`).toMatchObject({ code: "unavailable" });
      }
    }
  });

  it("each verb gets a signal of its own that fires when the time is over, and not after the answer", async () => {
    const { sessions, link, events } = remoteWorld({ storeTimeout: 500 });
    const jar = await signedIn(sessions);
    await request(sessions, jar);
    expect(vi.getTimerCount()).toBe(0);
    Object.assign(link, { downAt: link.calls.length, fault: "hangs, ignores its signal" });
    const hanging = sessions.open(jar.headers()).catch((error: unknown) => error);
    await vi.advanceTimersByTimeAsync(499);
    expect(link.signals.at(-1)?.aborted).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    expect(await hanging).toMatchObject({ code: "unavailable", message: expect.stringContaining("TimeoutError") });
    expect(link.signals.at(-1)?.aborted).toBe(true);
    expect(new Set(link.signals).size).toBe(link.signals.length);
    expect(link.signals.slice(0, -1).some((signal) => signal?.aborted)).toBe(false);
    expect(events).toContainEqual(expect.objectContaining({ type: "store_failed", verb: "read" }));
  });

  it("costs a store of this process nothing, and can be switched off", async () => {
    const clock = testClock();
    const seen: unknown[] = [];
    const inner = createMemoryStore({ clock });
    const spied = (capabilities: IndexedStore["capabilities"]): IndexedStore => ({ ...inner, capabilities, read: (id, options) => (seen.push(options?.signal), inner.read(id, options)) });
    for (const options of [{ store: spied(inner.capabilities) }, { store: spied({ ...inner.capabilities, inProcess: false }), storeTimeout: "off" as const }]) {
      const { sessions }: World = world({ clock, ...options });
      const jar: Jar = await signedIn(sessions);
      await request(sessions, jar);
    }
    expect(new Set(seen)).toEqual(new Set([undefined]));
    for (const storeTimeout of [0, -1, Number.NaN, 2 ** 31, "3s" as never]) {
      expect(() => world({ keys: KEYS, storeTimeout })).toThrow(expect.objectContaining({ code: "config", option: "storeTimeout" }));
    }
  });

  it("[G11] tells name and code of the driver's error: its text may quote the row", async () => {
    const { sessions, store, events } = world();
    const quoting = Object.assign(new TypeError("insert failed: values ('ada@example.org', '{...}')"), { code: "23505" });
    store.fail = (verb) => (verb === "create" ? quoting : undefined);
    const fault: unknown = await sessions.issue("ada@example.org").catch((error: unknown) => error);
    expect(fault).toMatchObject({ code: "unavailable", message: "The session store failed at create: TypeError 23505" });
    expect((fault as Error).cause).toBeUndefined();
    expect(inspect([fault, events], { depth: 9, showHidden: true })).not.toContain("example.org");
    const told = events.find((event) => event.type === "store_failed");
    expect(told).toMatchObject({ verb: "create", error: "TypeError 23505" });
    expect(told?.cause()).toBe(quoting);
    store.fail = (verb) => (verb === "create" ? ("a string, ada@example.org" as never) : undefined);
    await expect(sessions.issue("ada@example.org")).rejects.toMatchObject({ message: "The session store failed at create: Error" });
  });

  it("decides nothing about a session by the code of its error: only `unavailable` and `store_full` are passed on", async () => {
    const { sessions, store } = world();
    const jar = await signedIn(sessions);
    for (const [code, expected] of [["unavailable", "unavailable"], ["store_full", "store_full"], ["no_session", "unavailable"], ["rejected", "unavailable"], ["limit_reached", "unavailable"]] as const) {
      store.fail = () => new HoldfastError(code, "from the store");
      await expect(sessions.open(jar.headers()), code).rejects.toMatchObject({ code: expected });
      await expect(sessions.issue("bob"), code).rejects.toMatchObject({ code: expected });
    }
  });
});
