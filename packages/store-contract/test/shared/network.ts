import { type HealthEvent, resilientStore } from "@holdfast/session-core/resilient";
import type { Partition, SessionStore, StoredSession, StoreOptions, Sweeper } from "@holdfast/session-core/store";
import { createTestClock, testId, testRow, testTombstone } from "@holdfast/store-contract";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Fault, type FaultProxy, startFaultProxy } from "../../../../tools/services/fault-proxy.ts";
import { type Acknowledged, live, lost } from "./acknowledged.ts";
import type { SharedStore } from "./engine.ts";
import { answers, until } from "./kill.ts";
import { describeRequests } from "./network-requests.ts";

export interface Reached {
  readonly store: SharedStore & Partial<Sweeper>;
  /** Where a verb asks before it writes: calls this when its next write is about to leave. */
  beforeWrite?(call: () => void): void;
  close(): Promise<void>;
}

/**
 * A store on an engine that listens on this port, whose client may have so many connections. Its time limits are those that the README of the store
 * recommends, but short: {@link GONE}.
 */
export type Reach = (port: number, connections: number) => Promise<Reached>;

/** After how many ms a client of these tests may take a connection for dead. */
export const GONE = 1000;

/** Of a call, in ms. What is asserted is only that calls end although nobody answers. */
const DEADLINE = 300;
const CONNECTIONS = 2;
const partitionOf = ({ id }: StoredSession): Partition => id.slice(0, 12) as Partition;
const inTime = (): { signal: AbortSignal } => ({ signal: AbortSignal.timeout(DEADLINE) });

const CALLS: Readonly<Record<string, (store: Reached["store"], row: StoredSession, how: StoreOptions) => Promise<unknown>>> = {
  read: (store, { id }, how) => store.read(id, how),
  "create of a guest": (store, _row, how) => store.create(testRow(), undefined, how),
  create: (store, row, how) => store.create(testRow({ id: testId(partitionOf(row)) }), { began: row.createdAt }, how),
  update: (store, row, how) => store.update({ ...row, revision: 1 }, 0, how),
  touch: (store, { id, seenAt, expiresAt }, how) => store.touch(id, seenAt + 1, expiresAt + 1, how),
  end: (store, { id }, how) => store.end(id, testTombstone(), how),
  delete: (store, { id }, how) => store.delete(id, how),
  list: (store, row, how) => store.list(partitionOf(row), how),
  endAll: (store, row, how) => store.endAll(partitionOf(row), testTombstone(), how),
};

/**
 * What holds of a store when the network to its engine breaks. `upstream` is where the engine really listens.
 * @param replaces `false`: a driver that keeps a connection whose other end is gone for as long as the system does.
 */
export function describeNetwork(name: string, upstream: () => number, reach: Reach, { replaces = true } = {}): void {
  describe(`${name} behind a network that breaks`, () => {
    let proxy: FaultProxy;
    let reached: Reached;
    let store: Reached["store"];
    /** The same rows by a way that never breaks. */
    let direct: Reached;
    beforeEach(async () => {
      proxy = await startFaultProxy(upstream);
      direct = await reach(upstream(), CONNECTIONS);
      reached = await reach(proxy.port, CONNECTIONS);
      ({ store } = reached);
      await answers(store);
    });
    afterEach(async () => {
      proxy.set("none");
      await reached.close();
      await direct.close();
      await proxy.stop();
    });

    const stored = async (): Promise<StoredSession> => {
      const row = testRow();
      await direct.store.create(row, { began: row.createdAt });
      return row;
    };

    const silent: Readonly<Record<string, Fault>> = { "a black hole": "black-hole", "answers that drip": { drip: DEADLINE } };
    it.each(Object.entries({ ...silent, resets: "reset" } satisfies Record<string, Fault>))("[K07] %s: every verb rejects at its deadline at the latest, and the pool serves afterwards", async (_name, fault) => {
      const calls = [...Object.values(CALLS), ...Object.values(CALLS)];
      if (store.sweep) calls.push((_store, { createdAt }, how) => store.sweep?.(createdAt, 100, how) ?? Promise.resolve());
      const rows = await Promise.all(calls.map(stored));
      const kept = await stored();
      proxy.set(fault);
      const reasons = await Promise.all(calls.map((call, i) => call(store, rows[i] ?? kept, inTime()).then(() => "none", (reason: unknown) => reason)));
      for (const reason of reasons) expect(reason).toBeInstanceOf(Error);
      proxy.set("none");
      await answers(store);
      expect(await Promise.all(rows.map(() => store.read(kept.id)))).toEqual(rows.map(() => kept));
      // Those that were given up take their leave in their own time.
      await until(() => proxy.connections <= CONNECTIONS);
    });

    it("answers that come after their deadline are taken for nobody else's", async () => {
      const late = await stored();
      const others = await Promise.all(Array.from({ length: 6 }, stored));
      proxy.set("black-hole");
      const reads = await Promise.allSettled(others.map(() => store.read(late.id, inTime())));
      expect(new Set(reads.map(({ status }) => status))).toEqual(new Set(["rejected"]));
      proxy.set("none");
      expect(await Promise.all(others.map(({ id }) => store.read(id)))).toEqual(others);
    });

    it("latency: slower, and nothing else", async () => {
      proxy.set({ latency: 3 });
      const acknowledged: Acknowledged = new Map();
      await Promise.all(Array.from({ length: 6 }, () => live(store, acknowledged)));
      expect([...acknowledged.values()]).toEqual(Array(6).fill(3));
      expect(await lost(direct.store, acknowledged)).toEqual([]);
    });

    if (replaces) it("[K07] connections whose other end is gone are replaced, and none is left", async () => {
      const kept = await stored();
      await Promise.all([1, 2, 3, 4].map(() => store.read(kept.id)));
      const before = proxy.connections;
      proxy.set("half-open");
      expect([proxy.connections, proxy.served]).toEqual([before, 0]);
      await expect(store.read(kept.id, inTime())).rejects.toThrow();
      await until(async () => {
        // All of them: each call may meet one of those that are gone.
        const reads = await Promise.allSettled([1, 2, 3, 4].map(() => store.read(kept.id, inTime())));
        return reads.every(({ status }) => status === "fulfilled") && proxy.connections === proxy.served && proxy.served <= CONNECTIONS;
      });
      expect(await Promise.all([1, 2, 3, 4].map(() => store.read(kept.id)))).toEqual(Array(4).fill(kept));
    });

    const ways: Readonly<Record<string, (inner: Reached["store"]) => SessionStore>> = {
      "with its deadline": (inner) => inner,
      "under resilientStore": (inner) => resilientStore(inner, { attemptTimeout: DEADLINE, pause: 20 }),
    };
    it.each(Object.entries(ways))("%s: whatever breaks under writes, nothing that was acknowledged is lost", { timeout: 120_000 }, async (_way, wrap) => {
      const wrapped = wrap(store);
      const acknowledged: Acknowledged = new Map();
      let faults = 0;
      let over = false;
      const write = async (): Promise<void> => {
        while (!over) {
          await live(wrapped, acknowledged, inTime).catch(async () => {
            faults += 1;
            await new Promise((resolve) => setTimeout(resolve, 5));
          });
        }
      };
      const writers = [1, 2, 3, 4].map(write);
      const faultsInTurn: Fault[] = ["none", "reset", "none", "cut-answer", "none", "black-hole", "none", ...(replaces ? (["half-open"] as const) : []), { latency: 2 }, "none"];
      for (const fault of faultsInTurn) {
        const [went, failed] = [acknowledged.size, faults];
        proxy.set(fault);
        // It is seen at work before the next one.
        const seen = (): boolean => (fault === "reset" || fault === "black-hole" ? faults >= failed + 8 : acknowledged.size >= went + 10);
        await until(seen);
        expect([fault, seen()]).toEqual([fault, true]);
      }
      over = true;
      await Promise.all(writers);
      expect(await lost(direct.store, acknowledged)).toEqual([]);
      await until(() => proxy.connections <= CONNECTIONS);
    });

    it.each(["black-hole", "reset"] as const)("[K07] resilientStore leaves an engine alone that is down (%s), tries again after a pause, and says so", async (fault) => {
      const clock = createTestClock();
      const events: HealthEvent[] = [];
      let asked = 0;
      const counted: SessionStore = { ...store, read: (id, how) => ((asked += 1), store.read(id, how)) };
      const resilient = resilientStore(counted, { attemptTimeout: 5 * DEADLINE, retries: 0, failures: 3, pause: 1000, clock, onHealth: (event) => void events.push(event) });
      const read = (): Promise<string> => resilient.read(testId()).then(() => "answered", ({ code, name }: { readonly code?: string; readonly name: string }) => (code === "unavailable" ? code : name));
      proxy.set(fault);
      for (let i = 0; i < 3; i += 1) expect(["answered", "unavailable"]).not.toContain(await read());
      expect([resilient.resilience.health, asked]).toEqual(["open", 3]);
      expect(events).toEqual([{ type: "store_down", fault: expect.any(String), failures: 3 }]);
      // Nobody waits, and nothing is asked.
      expect(new Set(await Promise.all(Array.from({ length: 100 }, read)))).toEqual(new Set(["unavailable"]));
      expect(asked).toBe(3);
      clock.advance(1000);
      const probe = read();
      expect([resilient.resilience.health, await read()]).toEqual(["half-open", "unavailable"]);
      expect(["answered", "unavailable"]).not.toContain(await probe);
      expect([resilient.resilience.health, asked]).toEqual(["open", 4]);
      proxy.set("none");
      // The client comes back in its own time.
      await answers(store);
      await until(async () => {
        clock.advance(30_000);
        return (await read()) === "answered";
      });
      expect(resilient.resilience.health).toBe("closed");
      expect(events.map(({ type }) => type)).toEqual(["store_down", "store_up"]);
      expect(await Promise.all(Array.from({ length: 20 }, read))).toEqual(Array(20).fill("answered"));
      expect(resilient.resilience.inFlight).toBe(0);
    });

    describeRequests(() => ({ proxy, store, direct: direct.store }), reach);
  });
}
