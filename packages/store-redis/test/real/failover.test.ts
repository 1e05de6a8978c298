import type { SessionId } from "@holdfast/session-core/store";
import { testRow, testTombstone } from "@holdfast/store-contract";
import { createRedisStore, type RedisStore } from "@holdfast/store-redis";
import { describe, expect, it } from "vitest";
import { serviceFor } from "../../../../tools/services/programs.ts";
import { askRedis, untilRedis } from "../../../../tools/services/redis-ask.ts";
import { startRedisCluster } from "../../../../tools/services/redis-cluster.ts";
import { startRedisSentinel } from "../../../../tools/services/redis-sentinel.ts";
import { CLIENTS, CLUSTER_CLIENTS, type Connected, SENTINEL_CLIENTS } from "../support/clients.ts";

const program = serviceFor("redis", "fail-over is");
const PATIENCE = 120_000;
const WRITERS = 4;
const GAP_PATIENCE = 3000;

class Unmet extends Error {}

/** Sessions that come and go without end, and what of it was acknowledged. */
class Traffic {
  readonly acknowledged = new Map<SessionId, "live" | "ended">();
  /** When each call that was refused began and ended. */
  readonly errors: { readonly began: number; readonly ended: number }[] = [];
  unmet = 0;
  #stopped = false;
  /** How long a write may take, in ms: while a master is lost its client may hang, else only a slow machine takes long. */
  patience = 60_000;
  /** Writes that went through since it was last set to 0, with or without a replica. */
  went = 0;
  readonly #store: RedisStore;
  readonly #writers: Promise<void>[];

  constructor(store: RedisStore) {
    this.#store = store;
    this.#writers = Array.from({ length: WRITERS }, (_, i) => this.#write(i));
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#writers);
  }

  async #write(writer: number): Promise<void> {
    for (let i = 0; !this.#stopped; i++) {
      const row = testRow();
      const began = Date.now();
      const options = (): { durable: true; signal: AbortSignal } => ({ durable: true, signal: AbortSignal.timeout(this.patience) });
      if (await this.#went(() => this.#store.create(row, { began }, options()))) this.acknowledged.set(row.id, "live");
      else continue;
      // What an unacknowledged end leaves is unknown, so it counts as nothing.
      if ((i + writer) % 2) continue;
      this.acknowledged.delete(row.id);
      if (await this.#went(() => this.#store.end(row.id, testTombstone(), options()))) this.acknowledged.set(row.id, "ended");
    }
  }

  async #went(write: () => Promise<unknown>): Promise<boolean> {
    const began = performance.now();
    try {
      await write();
      this.went++;
      return true;
    } catch (error) {
      if (error instanceof Unmet) {
        this.unmet++;
        this.went++;
      } else {
        this.errors.push({ began, ended: performance.now() });
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      return false;
    }
  }

  /** How many of the acknowledged writes are not in what is left. */
  async lost(store: RedisStore): Promise<number> {
    let lost = 0;
    for (const [id, state] of this.acknowledged) {
      const row = await store.read(id);
      if (row === null || (row.body === "ended") !== (state === "ended")) lost++;
    }
    return lost;
  }
}

const begin = (reading: Connected, writing?: Connected): Traffic => {
  const onUnmet = (): never => {
    throw new Unmet();
  };
  return new Traffic(createRedisStore(reading.client, writing ? { replicas: { client: writing.client, timeoutMs: 300, onUnmet } } : {}));
};

/** Calls that were refused although nothing was lost yet, or although writes went on. */
const outside = ({ errors }: Traffic, gap: { readonly from: number; readonly to: number }): number => errors.filter(({ began, ended }) => ended < gap.from || began > gap.to).length;

const until = async (what: () => boolean | Promise<boolean>): Promise<void> => void (await expect.poll(what, { timeout: PATIENCE, interval: 50 }).toBe(true));

describe.skipIf(program === undefined)("fail-over [needs redis]", () => {
  for (const [name, connect] of Object.entries(SENTINEL_CLIENTS)) {
    for (const waits of [true, false]) {
      it(`Sentinel: the master is killed under writes with ${name}; ${waits ? "with WAIT nothing acknowledged is lost" : "without WAIT it goes on, and what is lost is counted"}; errors are in the gap only`, { timeout: 3 * PATIENCE }, async () => {
        const set = await startRedisSentinel(program ?? "");
        const ports = set.sentinels.map(({ port }) => port);
        const clients = await Promise.all([connect(set.name, ports), connect(set.name, ports)]);
        try {
          const traffic = begin(clients[0], waits ? clients[1] : undefined);
          await until(() => traffic.went > 200);
          const before = traffic.acknowledged.size;
          const killed = performance.now();
          traffic.patience = GAP_PATIENCE;
          await set.master.signal("SIGKILL");
          await until(async () => (await set.masterPort().catch(() => set.master.port)) === set.replica.port);
          traffic.went = 0;
          await until(() => traffic.went > 50);
          const gap = { from: killed, to: performance.now() };
          traffic.patience = 60_000;
          traffic.went = 0;
          await until(() => traffic.went > 100);
          if (waits) {
            // The old master comes back as a replica, and writes are acknowledged again.
            await set.master.restart();
            await untilRedis(set.master.port, "INFO replication", /role:slave[^]*master_link_status:up/);
            const size = traffic.acknowledged.size;
            await until(() => traffic.acknowledged.size > Math.max(size + 20, 50));
          }
          await traffic.stop();
          const { client, close } = await CLIENTS["ioredis 6"](set.replica.url);
          const lost = await traffic.lost(createRedisStore(client));
          await close();
          console.log(`Sentinel, ${name}, ${waits ? "WAIT 1" : "no WAIT"}: ${lost} of ${traffic.acknowledged.size} acknowledged writes lost (${before} before the kill), ${traffic.errors.length} errors, ${traffic.unmet} without a replica, writes again after ${Math.round(gap.to - gap.from)} ms`);
          expect(traffic.acknowledged.size).toBeGreaterThan(50);
          expect(outside(traffic, gap)).toBe(0);
          if (waits) expect(lost).toBe(0);
        } catch (error) {
          console.error(set.log());
          throw error;
        } finally {
          for (const { close } of clients) await close();
          await set.stop();
        }
      });
    }
  }

  for (const [name, connect] of Object.entries(CLUSTER_CLIENTS)) {
    for (const waits of [true, false]) {
      it(`Cluster: a master is killed under writes with ${name}; ${waits ? "with WAIT nothing acknowledged is lost" : "without WAIT it goes on, and what is lost is counted"}; errors are in the gap only`, { timeout: 3 * PATIENCE }, async () => {
        const cluster = await startRedisCluster(program ?? "", { replicas: true });
        const ports = [...cluster.masters, ...cluster.replicas].map(({ port }) => port);
        const clients = await Promise.all([connect(ports), connect(ports)]);
        try {
          const traffic = begin(clients[0], waits ? clients[1] : undefined);
          await until(() => traffic.went > 300);
          const before = traffic.acknowledged.size;
          const [victim] = cluster.masters;
          const [heir] = cluster.replicas;
          const killed = performance.now();
          traffic.patience = GAP_PATIENCE;
          await victim?.signal("SIGKILL");
          // A client asks any node who has which slot: until the last one knows, it may be sent to the dead master again.
          for (const { port } of [...cluster.masters, ...cluster.replicas]) {
            if (port === victim?.port) continue;
            await untilRedis(port, "CLUSTER NODES", new RegExp(`:${heir?.port}@\\S+ (?:myself,)?master .*connected 0-`), PATIENCE);
            await untilRedis(port, "CLUSTER INFO", /cluster_state:ok/, PATIENCE);
          }
          // Writes to the other two masters say nothing of this one.
          const keys = async (): Promise<number> => Number((await askRedis(heir?.port ?? 0, "DBSIZE")).slice(1));
          const inherited = await keys();
          await until(async () => (await keys()) > inherited + 20);
          const gap = { from: killed, to: performance.now() };
          traffic.patience = 60_000;
          traffic.went = 0;
          await until(() => traffic.went > 150);
          await traffic.stop();
          const fresh = await connect(ports.filter((port) => port !== victim?.port));
          const lost = await traffic.lost(createRedisStore(fresh.client));
          await fresh.close();
          console.log(`Cluster, ${name}, ${waits ? "WAIT 1" : "no WAIT"}: ${lost} of ${traffic.acknowledged.size} acknowledged writes lost (${before} before the kill), ${traffic.errors.length} errors, ${traffic.unmet} without a replica, all writes again after ${Math.round(gap.to - gap.from)} ms`);
          expect(outside(traffic, gap)).toBe(0);
          if (waits) expect(lost).toBe(0);
        } finally {
          for (const { close } of clients) await close();
          await cluster.stop();
        }
      });
    }
  }
});
