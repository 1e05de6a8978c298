import { fileURLToPath } from "node:url";
import { createSessions, generateKeys, type SessionId, type Sessions } from "@holdfast/session-core";
import { type CachedStore, cacheStore } from "@holdfast/session-core/near-cache";
import { createRedisStore, type RedisStore } from "@holdfast/store-redis";
import { trackInvalidations } from "@holdfast/store-redis/tracking";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type FaultProxy, startFaultProxy } from "../../../../tools/services/fault-proxy.ts";
import { until } from "../../../store-contract/test/shared/kill.ts";
import { missing, visited, type Visited } from "../../../store-contract/test/shared/spawn.ts";
import { UNHURRIED } from "../../../store-contract/test/shared/unhurried.ts";
import { CLIENTS, type Connected } from "../support/clients.ts";
import { addressOf } from "../support/engine.ts";
import { type Place, placesOn } from "../support/place.ts";
import { type OpenTracker, TRACKERS } from "../support/trackers.ts";

// Another process revokes; this one reads thousands of sessions a second from its near cache. `pnpm drill packages/store-redis/test/real/revocations` prints the figures.
const DRILL = process.env["HOLDFAST_DRILL"] === "1";
const REVOCATIONS = DRILL ? 2500 : 200;
const BLACK_HOLES = DRILL ? 40 : 3;
/** Sessions that are read all the time and revoked by nobody. */
const CROWD = 300;
const LEASE = 1000;

const places = placesOn("redis", "revocation under load is");
const worker = fileURLToPath(new URL("../support/worker.ts", import.meta.url));
/** Milliseconds of the clock that all processes of this machine share. */
const shared = (): number => Number(process.hrtime.bigint()) / 1e6;

interface Seen {
  readonly credential: string;
  /** When the last read began that let it in, and when the first that did not was over. */
  letIn: number;
  refused: number | undefined;
}

/** Reads without a pause: a part of the crowd, and whoever is watched. */
class Readers {
  readonly watched = new Set<Seen>();
  reads = 0;
  readonly #sessions: Sessions<object>;
  readonly #crowd: readonly string[];
  #over = false;
  readonly #done: Promise<void>;

  constructor(sessions: Sessions<object>, crowd: readonly string[]) {
    this.#sessions = sessions;
    this.#crowd = crowd;
    this.#done = this.#run();
  }

  async stop(): Promise<void> {
    this.#over = true;
    await this.#done;
  }

  async #run(): Promise<void> {
    for (let turn = 0; !this.#over; turn += 20) {
      const some = Array.from({ length: 20 }, (_, i) => this.#crowd[(turn + i) % this.#crowd.length] ?? "");
      const kinds = await Promise.all([...some.map((credential) => this.#kindOf(credential)), ...[...this.watched].map((seen) => this.#look(seen))]);
      if (kinds.some((kind) => kind === "none")) throw new Error("one of the crowd was refused");
      // Whatever the engine tells comes in between.
      await new Promise<void>((resolve) => void setImmediate(resolve));
    }
  }

  async #kindOf(credential: string): Promise<string> {
    this.reads += 1;
    return (await this.#sessions.open(credential)).state.kind;
  }

  async #look(seen: Seen): Promise<void> {
    const began = shared();
    if ((await this.#kindOf(seen.credential)) === "active") seen.letIn = Math.max(seen.letIn, began);
    else seen.refused ??= shared();
  }
}

const percentile = (sorted: readonly number[], share: number): string => (sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN).toFixed(1);
const figures = (delays: readonly number[]): string => {
  const sorted = [...delays].sort((a, b) => a - b);
  return `p50 ${percentile(sorted, 0.5)}, p99 ${percentile(sorted, 0.99)}, at most ${percentile(sorted, 1)} ms`;
};

describe.skipIf(!places.here || missing() !== undefined)("revocations by another process [needs redis]", () => {
  let place: Place;
  beforeAll(async () => void (place = await places.open()));
  afterAll(() => place?.remove());

  for (const name of ["node-redis 6", "ioredis 6"] as const) {
    describe(`while ${name} tells of changes`, () => {
      let proxy: FaultProxy;
      let data: Connected;
      let tracker: OpenTracker;
      let near: CachedStore<RedisStore>;
      let sessions: Sessions<object>;
      let other: Visited;
      let readers: Readers;
      beforeEach(async () => {
        // Only what tells of changes can be cut off.
        const { hostname, port } = new URL(place.url);
        proxy = await startFaultProxy(() => Number(port || 6379), hostname);
        data = await CLIENTS[name](place.url);
        tracker = await TRACKERS[name](Object.assign(new URL(place.url), { host: `127.0.0.1:${proxy.port}` }).href);
        const store = createRedisStore(data.client, { prefix: place.prefix });
        near = cacheStore(store, { maxStaleness: LEASE, invalidations: trackInvalidations(store, tracker.client) });
        const keys = generateKeys();
        sessions = createSessions({ store: near, storeTimeout: UNHURRIED, keys });
        other = await visited(worker, ["revoke", addressOf(name, place), JSON.stringify({ keys })]);
        readers = new Readers(sessions, await Promise.all(Array.from({ length: CROWD }, async (_, i) => (await sessions.issue(`user${i}`)).credential.reveal())));
      });
      afterEach(async () => {
        proxy.set("none");
        await readers.stop();
        await other.stop();
        near.cache.close();
        tracker.close();
        await data.close();
        await proxy.stop();
      });

      /** A session that is served from a copy of this process. */
      const hot = async (): Promise<Seen & { readonly id: SessionId }> => {
        const { credential, state } = await sessions.issue("ada");
        const seen = { id: state.id, credential: credential.reveal(), letIn: 0, refused: undefined };
        await until(async () => {
          const { hits } = near.cache.stats();
          return near.cache.stats().copies > 0 && (await near.read(state.id)) !== null && near.cache.stats().hits > hits;
        });
        readers.watched.add(seen);
        await until(() => seen.letIn > 0);
        return seen;
      };
      /** Has it revoked, and waits until it is refused. From the acknowledgement to that, and to the beginning of the last read that let it in. */
      const revoked = async (seen: Seen & { readonly id: SessionId }): Promise<{ readonly delay: number; readonly after: number }> => {
        const acknowledged = Number(BigInt(await other.ask(seen.id))) / 1e6;
        await until(() => seen.refused !== undefined);
        readers.watched.delete(seen);
        return { delay: Math.max(0, (seen.refused ?? Number.NaN) - acknowledged), after: seen.letIn - acknowledged };
      };

      it(`[D10] ${REVOCATIONS} under load: none is let in once the lease is over`, { timeout: 600_000 }, async () => {
        const [began, before] = [shared(), readers.reads];
        const all: Awaited<ReturnType<typeof revoked>>[] = [];
        for (let i = 0; i < REVOCATIONS; i++) all.push(await revoked(await hot()));
        for (const { after } of all) expect(after).toBeLessThan(LEASE);
        const { hits, misses } = near.cache.stats();
        const rate = Math.round((readers.reads - before) / ((shared() - began) / 1000));
        console.log(`${name}: ${REVOCATIONS} revocations, ${rate} reads/s (${((100 * hits) / (hits + misses)).toFixed(1)}% from copies); from the acknowledgement to the first refusal ${figures(all.map(({ delay }) => delay))}; ${all.filter(({ after }) => after > 0).length} were let in after it`);
      });

      it(`[D10] ${BLACK_HOLES} while nothing is told and the connection looks alive: none is let in once the lease is over`, { timeout: 600_000 }, async () => {
        const all: Awaited<ReturnType<typeof revoked>>[] = [];
        for (let i = 0; i < BLACK_HOLES; i++) {
          const seen = await hot();
          proxy.set("black-hole");
          all.push(await revoked(seen));
          proxy.set("none");
        }
        for (const { after } of all) expect(after).toBeLessThan(LEASE);
        console.log(`${name}, the stream in a black hole: ${BLACK_HOLES} revocations; from the acknowledgement to the first refusal ${figures(all.map(({ delay }) => delay))}`);
        expect(near.cache.stats().lapses).toBeGreaterThanOrEqual(BLACK_HOLES);
      });
    });
  }
});
