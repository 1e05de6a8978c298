import { describeStore, testId, testRow, testTombstone } from "@holdfast/store-contract";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createMemoryStore } from "../src/memory.ts";
import { type HealthEvent, type ResilienceOptions, resilientStore } from "../src/resilient.ts";
import { type Clock, HoldfastError, type IndexedStore, type StoreOptions } from "../src/store.ts";
import { codeOf, testClock } from "./support.ts";

const ID = testId();

/** An engine that answers reads with `answer`, or fails with what it throws. */
function engine(clock?: Clock) {
  const inner = createMemoryStore(clock && { clock });
  const seen = { reads: 0, signals: [] as (AbortSignal | undefined)[], answer: (): Promise<null> => Promise.resolve(null) };
  const store: IndexedStore = {
    ...inner,
    capabilities: { ...inner.capabilities, inProcess: false },
    read(id, options) {
      seen.reads += 1;
      seen.signals.push(options?.signal);
      return clock ? inner.read(id, options) : seen.answer();
    },
  };
  return { store, seen };
}

const reset = (): Promise<never> => Promise.reject(Object.assign(new Error("connect ECONNRESET 10.0.0.1: row body"), { code: "ECONNRESET" }));

function resilient(options: ResilienceOptions = {}) {
  const clock = testClock();
  const events: HealthEvent[] = [];
  const { store: inner, seen } = engine();
  const store = resilientStore(inner, { retries: 0, onHealth: (event) => events.push(event), clock, ...options });
  const read = (how?: StoreOptions): Promise<unknown> => store.read(ID, how);
  /** Reads that the engine saw while this went on. */
  const asked = async (work: () => Promise<unknown>): Promise<number> => {
    const before = seen.reads;
    await work().catch(() => undefined);
    return seen.reads - before;
  };
  const fail = async (times: number): Promise<void> => {
    seen.answer = reset;
    for (let i = 0; i < times; i++) await read().catch(() => undefined);
  };
  return { clock, events, seen, store, read, asked, fail };
}

describeStore("memory behind resilientStore", async (clock) => ({ store: resilientStore(engine(clock).store, { clock }) }), {
  index: true,
  clock: "caller",
  durability: "volatile",
  evicts: false,
  inProcess: false,
});

describe("a store that is left alone while it is down", () => {
  beforeEach(() => void vi.spyOn(Math, "random").mockReturnValue(1));
  afterEach(() => void vi.restoreAllMocks());

  it("is asked until it failed so often in a row, then every call is refused at once", async () => {
    const { events, store, read, asked, fail, seen } = resilient({ failures: 3 });
    await fail(2);
    seen.answer = () => Promise.resolve(null);
    await read();
    await fail(2);
    expect(store.resilience.health).toBe("closed");
    await fail(1);
    expect(store.resilience.health).toBe("open");
    expect(await asked(read)).toBe(0);
    expect(await codeOf(read)).toBe("unavailable");
    expect(await codeOf(() => store.update(testRow(), 0))).toBe("unavailable");
    expect(store.resilience.refused).toBe(3);
    expect(events).toEqual([{ type: "store_down", fault: "Error ECONNRESET", failures: 3 }]);
  });

  // On Workers the promises of a request whose client goes away never settle.
  it("[K07] when the call that tries never comes back, another one tries half a minute later", async () => {
    const { clock, store, read, asked, fail, seen } = resilient({ failures: 1, attemptTimeout: "off" });
    await fail(1);
    clock.advance(1000);
    seen.answer = () => new Promise<never>(() => undefined);
    void read();
    seen.answer = () => Promise.resolve(null);
    clock.advance(29_999);
    expect(await asked(read)).toBe(0);
    clock.advance(1);
    expect(await asked(read)).toBe(1);
    expect(store.resilience.health).toBe("closed");
  });

  it("one call tries again after the pause, and the others wait for what it says", async () => {
    const { clock, events, store, seen, read, asked, fail } = resilient({ failures: 1, pause: 1000 });
    await fail(1);
    clock.advance(999);
    expect(await asked(read)).toBe(0);
    clock.advance(1);
    let answer: (value: null) => void = () => undefined;
    seen.answer = () => new Promise((resolve) => void (answer = resolve));
    const probe = read();
    expect(store.resilience.health).toBe("half-open");
    expect(await asked(read)).toBe(0);
    answer(null);
    await probe;
    expect(store.resilience.health).toBe("closed");
    seen.answer = () => Promise.resolve(null);
    expect(await asked(read)).toBe(1);
    expect(events.at(-1)).toEqual({ type: "store_up", downFor: 1000 });
  });

  it("a try that fails doubles the pause, up to 30 s, and a success forgets it", async () => {
    const { clock, read, asked, fail, seen, events } = resilient({ failures: 1, pause: 1000 });
    await fail(1);
    for (const pause of [1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]) {
      clock.advance(pause - 1);
      expect(await asked(read)).toBe(0);
      clock.advance(1);
      expect(await asked(read)).toBe(1);
    }
    expect(events).toHaveLength(1);
    clock.advance(30_000);
    seen.answer = () => Promise.resolve(null);
    await read();
    await fail(1);
    clock.advance(1000);
    expect(await asked(read)).toBe(1);
  });

  it("servers that share an engine do not try at one moment", async () => {
    vi.spyOn(Math, "random").mockReturnValue(0);
    const { clock, read, asked, fail } = resilient({ failures: 1, pause: 1000 });
    await fail(1);
    clock.advance(499);
    expect(await asked(read)).toBe(0);
    clock.advance(1);
    expect(await asked(read)).toBe(1);
  });

  it("answers of calls from before it opened say nothing any more", async () => {
    const { store, seen, read, fail } = resilient({ failures: 2 });
    let answer: (value: null) => void = () => undefined;
    seen.answer = () => new Promise((resolve) => void (answer = resolve));
    const early = read();
    await fail(2);
    answer(null);
    await early;
    expect(store.resilience.health).toBe("open");
  });

  it("a caller that goes away is no fault, also when it was to try", async () => {
    const { clock, store, seen, read, fail, asked } = resilient({ failures: 1 });
    const controller = new AbortController();
    seen.answer = () => new Promise(() => undefined);
    const gone = read({ signal: controller.signal });
    controller.abort();
    await expect(gone).rejects.toMatchObject({ name: "AbortError" });
    expect(store.resilience.health).toBe("closed");
    await fail(1);
    clock.advance(1000);
    const other = new AbortController();
    seen.answer = () => new Promise(() => undefined);
    const probe = read({ signal: other.signal });
    other.abort();
    await expect(probe).rejects.toMatchObject({ name: "AbortError" });
    seen.answer = () => Promise.resolve(null);
    expect(await asked(read)).toBe(1);
    expect(store.resilience.health).toBe("closed");
  });

  it("what the store itself refuses is no fault of the engine", async () => {
    const { store, seen, read } = resilient({ failures: 1 });
    seen.answer = () => Promise.reject(new HoldfastError("invalid_data", "NUL"));
    expect(await codeOf(read)).toBe("invalid_data");
    expect(store.resilience.health).toBe("closed");
  });
});

describe("a call that is repeated", () => {
  afterEach(() => void vi.restoreAllMocks());

  it("[K07] once, where it does no harm twice", async () => {
    const row = testRow();
    const { store: inner, seen } = engine();
    const calls: string[] = [];
    for (const verb of ["create", "update", "touch", "end", "delete", "sweep"] as const) {
      Object.assign(inner, { [verb]: () => (calls.push(verb), reset()) });
    }
    const store = resilientStore(inner, { retries: 1, failures: 100 });
    const answers = [reset, () => Promise.resolve(null)];
    seen.answer = () => answers.shift()?.() as Promise<null>;
    expect(await store.read(ID)).toBeNull();
    expect(seen.reads).toBe(2);
    expect(store.resilience.retried).toBe(1);
    for (const call of [
      () => store.create(row),
      () => store.update({ ...row, revision: 1 }, 0),
      () => store.touch(row.id, row.seenAt, row.expiresAt),
      () => store.end(row.id, testTombstone()),
      () => store.delete(row.id),
      () => store.sweep(0),
    ]) {
      expect(await codeOf(call)).toContain("ECONNRESET");
    }
    expect(calls).toEqual(["create", "update", "touch", "touch", "end", "delete", "delete", "sweep"]);
  });

  it("[K07] no more often than its share of all calls: an engine in trouble does not get twice the load", async () => {
    const { seen, read } = resilient({ retries: 0.1, failures: 1e9 });
    seen.answer = reset;
    for (let i = 0; i < 1000; i++) await read().catch(() => undefined);
    expect(seen.reads - 1000).toBeGreaterThan(90);
    expect(seen.reads - 1000).toBeLessThanOrEqual(110);
  });
});

describe("deadlines and limits of calls", () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] }));
  afterEach(() => void vi.useRealTimers());

  it("[K07] an attempt that takes too long fails and is told to stop; the second one may succeed", async () => {
    const { seen, read } = resilient({ retries: 1, attemptTimeout: 1000 });
    const answers = [() => new Promise<null>(() => undefined), () => Promise.resolve(null)];
    seen.answer = () => answers.shift()?.() as Promise<null>;
    const reading = read();
    await vi.advanceTimersByTimeAsync(999);
    expect(seen.reads).toBe(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(await reading).toBeNull();
    expect(seen.signals[0]?.reason).toMatchObject({ name: "TimeoutError" });
    expect(seen.signals[1]?.aborted).toBe(false);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("timeouts count as faults, and no second attempt begins when the caller's own time is over", async () => {
    const { store, seen, read } = resilient({ retries: 1, attemptTimeout: "off", failures: 1 });
    seen.answer = () => new Promise(() => undefined);
    const deadline = new AbortController();
    seen.answer = () => new Promise((_, refuse) => deadline.signal.addEventListener("abort", () => refuse(deadline.signal.reason as Error)));
    const reading = read({ signal: deadline.signal });
    deadline.abort(new DOMException("too long", "TimeoutError"));
    await expect(reading).rejects.toMatchObject({ name: "TimeoutError" });
    expect(seen.reads).toBe(1);
    expect(store.resilience.health).toBe("open");
  });

  it("[K07] calls that never come back are counted for half a minute, and no longer", async () => {
    const { clock, store, seen, read, asked } = resilient({ maxInFlight: 2, attemptTimeout: "off" });
    seen.answer = () => new Promise<never>(() => undefined);
    void read();
    clock.advance(10_000);
    void read();
    seen.answer = () => Promise.resolve(null);
    clock.advance(19_999);
    expect(await asked(read)).toBe(0);
    clock.advance(1);
    expect(await asked(read)).toBe(1);
    expect(store.resilience.inFlight).toBe(1);
  });

  it("refuses what would only wait for a connection, and says once that it does", async () => {
    const { events, store, seen, read } = resilient({ maxInFlight: 2 });
    const answers: ((value: null) => void)[] = [];
    seen.answer = () => new Promise((resolve) => void answers.push(resolve));
    const waiting = [read(), read()];
    expect(await codeOf(read)).toBe("unavailable");
    expect(await codeOf(read)).toBe("unavailable");
    expect(events).toEqual([{ type: "store_busy", inFlight: 2 }]);
    expect(store.resilience).toMatchObject({ inFlight: 2, refused: 2, health: "closed" });
    for (const answer of answers) answer(null);
    await Promise.all(waiting);
    seen.answer = () => Promise.resolve(null);
    expect(await read()).toBeNull();
  });

  it("says what is wrong with its options", () => {
    const { store } = engine();
    const option = (options: object): unknown => {
      try {
        return resilientStore(store, options);
      } catch (error) {
        return (error as { option?: string }).option;
      }
    };
    for (const [name, value] of [["attemptTimeout", 0], ["retries", 2], ["retries", Number.NaN], ["failures", 0], ["pause", 60_000], ["maxInFlight", 0], ["retry", 1]] as const) {
      expect(option({ [name]: value })).toBe(name);
    }
  });
});
