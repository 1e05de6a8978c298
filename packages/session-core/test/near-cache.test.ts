import { describeStore, testId, testPartition, testRow, testTombstone } from "@holdfast/store-contract";
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { createSessions } from "../src/index.ts";
import { createMemoryStore } from "../src/memory.ts";
import { type CacheOptions, cacheStore } from "../src/near-cache.ts";
import type { Clock, IndexedStore, InvalidationListener, Invalidations, SessionId, StoredSession } from "../src/store.ts";
import { type Data, INITIAL, KEYS, request, signedIn } from "./support.ts";

const STALE = 1000;

/** An engine behind a network: counts its reads and can hold its answers back. */
function remoteEngine(clock?: Clock) {
  const inner = createMemoryStore(clock && { clock });
  const reads: string[] = [];
  let gate: Promise<void> | undefined;
  let failures = 0;
  const store: IndexedStore = {
    ...inner,
    capabilities: { ...inner.capabilities, inProcess: false },
    async read(id, options) {
      reads.push(id);
      const fails = failures > 0 && failures-- > 0;
      const row = await inner.read(id, options);
      await gate;
      if (fails) throw new Error("ECONNRESET");
      return row;
    },
  };
  return {
    store,
    reads,
    failNext: () => void (failures += 1),
    /** Answers of reads wait until the returned function is called. They say what was so when they were asked. */
    hold(): () => void {
      let open = (): void => undefined;
      gate = new Promise((resolve) => {
        open = resolve;
      });
      return () => {
        gate = undefined;
        open();
      };
    },
  };
}

/** A stream of changes in the hands of the test. */
function stream() {
  let listener: InvalidationListener | undefined;
  const answers: { resolve(): void; reject(why: Error): void }[] = [];
  const source: Invalidations & { broken: boolean; slow: boolean } = {
    broken: false,
    slow: false,
    listen(to) {
      listener = to;
      return () => {
        listener = undefined;
      };
    },
    sync: () => (source.broken ? new Promise(() => undefined) : source.slow ? new Promise((resolve, reject) => void answers.push({ resolve, reject })) : Promise.resolve()),
  };
  return {
    source,
    changed: (id: SessionId) => listener?.changed(id),
    reset: () => listener?.reset(),
    listening: () => listener !== undefined,
    /** Questions that wait for their answer. */
    asked: () => answers.length,
    answer(): void {
      for (const { resolve } of answers.splice(0)) resolve();
    },
    refuse(): void {
      for (const { reject } of answers.splice(0)) reject(new Error("The connection was replaced."));
    },
  };
}

const pass = (ms: number): Promise<unknown> => vi.advanceTimersByTimeAsync(ms);

async function cacheWith(options: Partial<CacheOptions> = {}) {
  const engine = remoteEngine();
  const changes = stream();
  const store = cacheStore(engine.store, { invalidations: changes.source, maxStaleness: STALE, ...options });
  await pass(0);
  const row = testRow();
  await engine.store.create(row, { began: row.createdAt });
  const ask = (): Promise<StoredSession | null> => store.read(row.id);
  /** Reads of the engine that `work` led to. */
  const readsOf = async (work: () => Promise<unknown>): Promise<number> => {
    const before = engine.reads.length;
    await work();
    return engine.reads.length - before;
  };
  return { engine, changes, store, row, ask, readsOf };
}

const opened: { close(): void }[] = [];
const contractStore = (options: CacheOptions) => async (clock: Clock) => {
  const store = cacheStore(remoteEngine(clock).store, { clock, ...options });
  opened.push(store.cache);
  return { store };
};
const CAPABILITIES = { index: true, clock: "caller", durability: "volatile", evicts: false, inProcess: false, cached: true } as const;

describe("the contract through the cache", () => {
  afterEach(() => {
    for (const cache of opened.splice(0)) cache.close();
  });
  describeStore("cache with a stream", contractStore({ invalidations: stream().source }), CAPABILITIES);
  describeStore("cache with a bound of time", contractStore({ maxStaleness: STALE }), CAPABILITIES);
});

describe("the near cache", () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ["setInterval", "clearInterval", "performance", "Date"] }));
  afterEach(() => void vi.useRealTimers());

  it("reads a session once, for a hundred readers at once and for those after them", async () => {
    const { store, row, ask, readsOf } = await cacheWith();
    expect(await readsOf(() => Promise.all(Array.from({ length: 100 }, ask)))).toBe(1);
    expect(await readsOf(ask)).toBe(0);
    expect(await ask()).toEqual(row);
    expect(store.cache.stats()).toMatchObject({ misses: 1, copies: 1 });
  });

  it("[D10] drops a copy when the engine tells of a change", async () => {
    const { engine, changes, row, ask } = await cacheWith();
    await ask();
    await engine.store.end(row.id, testTombstone());
    changes.changed(row.id);
    expect(await ask()).toMatchObject({ body: "ended" });
  });

  it("a change that overtakes an answer keeps it from staying, and nobody who asks afterwards shares it", async () => {
    const { engine, changes, row, ask, readsOf } = await cacheWith();
    const release = engine.hold();
    const early = ask();
    await engine.store.end(row.id, testTombstone());
    changes.changed(row.id);
    const late = ask();
    release();
    expect(await early).toMatchObject({ body: "live" });
    expect(await late).toMatchObject({ body: "ended" });
    expect(await readsOf(ask)).toBe(0);
    expect(await ask()).toMatchObject({ body: "ended" });
  });

  it("an answer that was asked for before a later one does not replace it", async () => {
    const { engine, row, store, ask } = await cacheWith();
    const release = engine.hold();
    const early = ask();
    await engine.store.update({ ...row, revision: 5, writeId: "second-write-0001", body: "newer" }, 0);
    release();
    const sure = store.read(row.id, { authoritative: true });
    expect(await sure).toMatchObject({ body: "newer" });
    expect(await early).toMatchObject({ body: "live" });
    expect(await ask()).toMatchObject({ body: "newer" });
  });

  it("[D10] a broken stream: no copy is believed once the lease has run out, and none served that is older than that", async () => {
    const { engine, changes, store, row, ask, readsOf } = await cacheWith();
    await ask();
    changes.source.broken = true;
    await engine.store.end(row.id, testTombstone());
    await pass(STALE - 1);
    expect(await readsOf(ask)).toBe(0);
    await pass(1);
    expect(await ask()).toMatchObject({ body: "ended" });
    expect(await readsOf(ask)).toBe(1);
    expect(store.cache.stats().lapses).toBeGreaterThan(0);
  });

  it("[D10] a process that stood still believes nothing when it goes on", async () => {
    const { engine, row, ask } = await cacheWith();
    await ask();
    await engine.store.end(row.id, testTombstone());
    // Time goes by, but no timer fires and no event comes.
    const held = performance.now();
    vi.spyOn(performance, "now").mockReturnValue(held + 1500);
    expect(await ask()).toMatchObject({ body: "ended" });
  });

  it("[D10] an answer to a sign of life counts from when it was asked for, not from when it came", async () => {
    const { engine, changes, row, ask } = await cacheWith();
    changes.source.slow = true;
    await pass(STALE / 4);
    await ask();
    await pass(STALE * 0.9);
    changes.answer();
    await pass(0);
    await engine.store.end(row.id, testTombstone());
    await pass(STALE * 0.1);
    expect(await ask()).toMatchObject({ body: "ended" });
  });

  it("a stream that began anew: nothing from before is believed, and a sign of life from before renews nothing", async () => {
    const { changes, ask, readsOf } = await cacheWith();
    changes.source.slow = true;
    await pass(STALE / 4);
    await ask();
    changes.reset();
    changes.answer();
    await pass(0);
    expect(await readsOf(ask)).toBe(1);
    expect(await readsOf(ask)).toBe(1);
    changes.answer();
    await pass(0);
    await ask();
    expect(await readsOf(ask)).toBe(0);
  });

  it("[D10] a stream that begins anew while it is asked for a sign of life is asked once more at once, and the lease counts from that", async () => {
    for (const fails of [false, true]) {
      const { engine, changes, store, row, ask, readsOf } = await cacheWith();
      changes.source.slow = true;
      await pass(STALE / 4);
      expect(changes.asked()).toBe(1);
      await ask();
      changes.reset();
      await pass(10);
      expect(await readsOf(ask)).toBe(1);
      if (fails) changes.refuse();
      else changes.answer();
      await pass(0);
      expect(changes.asked()).toBe(1);
      expect(await readsOf(ask)).toBe(1);
      await pass(50);
      changes.source.slow = false;
      changes.answer();
      await pass(0);
      await ask();
      expect(await readsOf(ask)).toBe(0);
      // Nothing is told any more: of what the engine did since, this holds the bound.
      changes.source.broken = true;
      await engine.store.end(row.id, testTombstone());
      await pass(STALE - 51);
      expect(await readsOf(ask)).toBe(0);
      await pass(1);
      expect(await ask()).toMatchObject({ body: "ended" });
      store.cache.close();
    }
  });

  it("one that begins anew with every sign of life is not asked without end, nor is one that is closed meanwhile", async () => {
    const { changes, store, readsOf, ask } = await cacheWith();
    changes.source.slow = true;
    for (let round = 0; round < 2; round++) {
      await pass(STALE / 4);
      for (let again = 0; again < 2; again++) {
        expect(changes.asked()).toBe(1);
        changes.reset();
        changes.answer();
        await pass(0);
      }
      expect(changes.asked()).toBe(0);
      expect(await readsOf(ask)).toBe(1);
    }
    await pass(STALE / 4);
    changes.reset();
    store.cache.close();
    changes.answer();
    await pass(STALE);
    expect(changes.asked()).toBe(0);
  });

  it("an answer that was asked for before the stream began anew does not stay", async () => {
    const { engine, changes, row, ask } = await cacheWith();
    const release = engine.hold();
    const early = ask();
    await engine.store.end(row.id, testTombstone());
    changes.reset();
    release();
    await early;
    await pass(0);
    expect(await ask()).toMatchObject({ body: "ended" });
  });

  it("authoritative reads go to the engine, and what they found serves the others", async () => {
    const { engine, store, row, ask, readsOf } = await cacheWith();
    await ask();
    await engine.store.update({ ...row, revision: 5, writeId: "second-write-0001", body: "newer" }, 0);
    expect(await store.read(row.id, { authoritative: true })).toMatchObject({ body: "newer" });
    expect(await readsOf(ask)).toBe(0);
    expect(await ask()).toMatchObject({ body: "newer" });
  });

  it("what this process wrote is read again, also when the write failed and when others were ended by it", async () => {
    const partition = testPartition();
    const { engine, store, readsOf } = await cacheWith();
    const row = testRow({ id: testId(partition), createdAt: Date.now() - 1 });
    const next = (): StoredSession => testRow({ id: testId(partition) });
    const guard = { began: row.createdAt };
    await engine.store.create(row, guard);
    const reread = (work: () => Promise<unknown>): Promise<number> => store.read(row.id).then(work).catch(() => undefined).then(() => readsOf(() => store.read(row.id)));
    expect(await reread(() => store.update({ ...row, revision: 1 }, 0))).toBe(1);
    expect(await reread(() => store.update({ ...row, revision: 2 }, 0))).toBe(1);
    expect(await reread(() => store.touch(row.id, row.seenAt + 1, row.expiresAt))).toBe(1);
    vi.spyOn(engine.store, "touch").mockRejectedValueOnce(new Error("ECONNRESET"));
    expect(await reread(() => store.touch(row.id, row.seenAt + 2, row.expiresAt))).toBe(1);
    const first = next();
    await engine.store.create(first, guard);
    expect(await reread(() => store.create(next(), { ...guard, limit: { max: 2, whenFull: "evict-oldest", tombstone: testTombstone() } }))).toBe(1);
    await store.read(first.id);
    await store.create(next(), { ...guard, replaces: { id: first.id, tombstone: testTombstone() } });
    expect(await store.read(first.id)).toMatchObject({ body: "ended" });
    const other = next();
    await engine.store.create(other, guard);
    await store.read(other.id);
    await store.endAll(partition, testTombstone());
    expect(await store.read(other.id)).toMatchObject({ body: "ended" });
    const last = next();
    await engine.store.create(last);
    expect((await store.read(last.id))?.body).toBe("live");
    await store.delete(last.id);
    expect(await store.read(last.id)).toBeNull();
  });

  it("a read under way when this process ends the session does not stay", async () => {
    const { engine, store, row, ask } = await cacheWith();
    const release = engine.hold();
    const early = ask();
    await store.end(row.id, testTombstone());
    release();
    await early;
    expect(await ask()).toMatchObject({ body: "ended" });
  });

  it("a hundred who shared a read that failed ask once more, together", async () => {
    const { engine, ask, readsOf } = await cacheWith();
    engine.failNext();
    const [mine, ...shared] = Array.from({ length: 100 }, ask);
    const asked = await readsOf(async () => {
      await expect(mine).rejects.toThrow("ECONNRESET");
      for (const row of await Promise.all(shared)) expect(row).toMatchObject({ body: "live" });
    });
    expect(asked).toBe(1);
  });

  it("while the engine is down, a hundred readers of one session are two reads, not a hundred", async () => {
    const { engine, ask, readsOf } = await cacheWith();
    for (let i = 0; i < 100; i++) engine.failNext();
    expect(await readsOf(async () => {
      for (const { status } of await Promise.allSettled(Array.from({ length: 100 }, ask))) expect(status).toBe("rejected");
    })).toBe(2);
  });

  it("a copy ends with its session, and an absent one is asked for each time", async () => {
    const { store, engine, readsOf } = await cacheWith();
    const brief = testRow({ expiresAt: Date.now() + 500 });
    await engine.store.create(brief);
    await store.read(brief.id);
    await pass(499);
    expect(await readsOf(() => store.read(brief.id))).toBe(0);
    await pass(1);
    expect(await store.read(brief.id)).toBeNull();
    expect(await readsOf(() => store.read(brief.id))).toBe(1);
  });

  it("[D10] without a stream a copy is believed for as long as it says, from when it was asked for", async () => {
    const { engine, row, ask, readsOf } = await cacheWith({ invalidations: undefined as never });
    const release = engine.hold();
    const first = ask();
    await pass(STALE / 2);
    release();
    await first;
    await pass(STALE / 2 - 1);
    expect(await readsOf(ask)).toBe(0);
    await engine.store.end(row.id, testTombstone());
    await pass(1);
    expect(await ask()).toMatchObject({ body: "ended" });
  });

  it("stays within its bytes, and keeps what is met again", async () => {
    const { store, row, ask, readsOf } = await cacheWith({ maxBytes: 1024 * 1024 });
    await ask();
    for (let i = 0; i < 3000; i++) {
      const other = testRow({ body: "x".repeat(250) });
      await store.create(other);
      await store.read(other.id);
      if (i % 100 === 0) await ask();
      expect(store.cache.stats().bytes).toBeLessThanOrEqual(1024 * 1024);
    }
    expect(store.cache.stats().copies).toBeGreaterThan(500);
    expect(await readsOf(ask)).toBe(0);
    expect(row.body).toBe("live");
    const huge = testRow({ body: "x".repeat(1024 * 1024) });
    await store.create(huge);
    await store.read(huge.id);
    expect(await readsOf(() => store.read(huge.id))).toBe(1);
  });

  it("closed, it asks the engine and no timer is left", async () => {
    const { changes, store, ask, readsOf } = await cacheWith();
    await ask();
    store.cache.close();
    expect(await readsOf(ask)).toBe(1);
    expect(await readsOf(ask)).toBe(1);
    expect(changes.listening()).toBe(false);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("says what is wrong with its options", () => {
    const { store } = remoteEngine();
    const option = (options: object, on: IndexedStore = store): unknown => {
      try {
        return cacheStore(on, options);
      } catch (error) {
        return (error as { option?: string }).option;
      }
    };
    expect(option({})).toBe("maxStaleness");
    expect(option({ maxStaleness: 9 })).toBe("maxStaleness");
    expect(option({ maxStaleness: Number.NaN })).toBe("maxStaleness");
    expect(option({ maxStaleness: 5000, maxBytes: 1000 })).toBe("maxBytes");
    expect(option({ maxStalenes: 5000 })).toBe("maxStalenes");
    expect(option({ maxStaleness: 5000 }, createMemoryStore())).toBe("store");
  });
});

describe("sessions in front of the near cache", () => {
  async function servers() {
    const engine = remoteEngine();
    const far = createSessions({ store: engine.store, keys: KEYS, initial: INITIAL });
    const store = cacheStore(engine.store, { maxStaleness: 60_000 });
    const near = createSessions({ store, keys: KEYS, initial: INITIAL });
    const jar = await signedIn(far);
    await request(near, jar);
    engine.reads.length = 0;
    return { engine, far, near, jar };
  }

  it("a request for something that matters asks the engine, once, and keeps what was intended so far", async () => {
    const { engine, far, near, jar } = await servers();
    const session = await near.open(jar.headers());
    session.update((data) => ({ ...data, cart: ["rope"] }));
    expect(engine.reads).toEqual([]);
    expect(await session.load({ authoritative: true })).toMatchObject({ kind: "active", data: { cart: ["rope"] } });
    await session.load({ authoritative: true });
    expect(engine.reads).toHaveLength(1);
    await session.commit();
    await far.revokeAll("ada");
    const hopeful = await near.open(jar.headers());
    expect((await hopeful.load({ authoritative: true })).kind).toBe("none");
  });

  it("an update that changes nothing of a copy is asked of the engine, where somebody may have changed it since", async () => {
    for (const same of [false, true]) {
      const { engine, far, near, jar } = await servers();
      const put = (theme: string) => (data: Data): Data => (same && data.prefs["theme"] === theme ? data : { ...data, prefs: { theme } });
      await request(far, jar, (s) => s.update(put("light")));
      await (await near.open(jar.headers())).load({ authoritative: true });
      await request(far, jar, (s) => s.update(put("dark")));
      engine.reads.length = 0;
      expect((await near.open(jar.headers())).state).toMatchObject({ data: { prefs: { theme: "light" } } });
      expect(engine.reads).toEqual([]);
      expect((await request(near, jar, (s) => s.update(put("light")))).state).toMatchObject({ data: { prefs: { theme: "light" } } });
      expect((await request(far, jar)).state).toMatchObject({ data: { prefs: { theme: "light" } } });
      // Where it is so, one read says it, and nothing is written.
      await request(near, jar);
      const written = vi.spyOn(engine.store, "update");
      engine.reads.length = 0;
      await request(near, jar, (s) => s.update(put("light")));
      expect([engine.reads.length, written.mock.calls]).toEqual([1, []]);
    }
  });

  it("[D10] what is held is answered without a timer; once the lease has run out the engine is asked, and one that hangs ends at the deadline", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval", "performance", "Date"] });
    onTestFinished(() => void vi.useRealTimers());
    const engine = remoteEngine();
    const changes = stream();
    const store = cacheStore(engine.store, { invalidations: changes.source, maxStaleness: STALE });
    const sessions = createSessions({ store, keys: KEYS, initial: INITIAL, storeTimeout: 500 });
    const jar = await signedIn(sessions);
    await request(sessions, jar);
    const timers = vi.spyOn(globalThis, "setTimeout");
    engine.reads.length = 0;
    expect(await request(sessions, jar)).toMatchObject({ state: { kind: "active" } });
    expect(timers).not.toHaveBeenCalled();
    expect(engine.reads).toEqual([]);
    timers.mockRestore();

    changes.source.broken = true;
    await pass(STALE);
    const open = engine.hold();
    let outcome: unknown;
    sessions.open(jar.headers()).catch((fault: unknown) => (outcome = fault));
    await pass(499);
    expect(outcome).toBeUndefined();
    await pass(1);
    expect(outcome).toMatchObject({ code: "unavailable", message: expect.stringContaining("TimeoutError") });
    expect(store.cache.stats().lapses).toBe(1);
    open();
    store.cache.close();
  });

  it("whoever puts an own `read` in its place is asked", async () => {
    const store = cacheStore(remoteEngine().store, { maxStaleness: 60_000 });
    let asked = 0;
    const sessions = createSessions({ store: { ...store, read: (id, how) => ((asked += 1), store.read(id, how)) }, keys: KEYS, initial: INITIAL });
    const jar = await signedIn(sessions);
    await request(sessions, jar);
    const { hits } = store.cache.stats();
    asked = 0;
    await request(sessions, jar);
    expect(asked).toBe(1);
    expect(store.cache.stats().hits).toBe(hits + 1);
  });

  it("a store without copies is asked once, whoever asks for certainty", async () => {
    const { engine, far, jar } = await servers();
    const session = await far.open(jar.headers());
    await session.load({ authoritative: true });
    expect(engine.reads).toHaveLength(1);
  });
});
