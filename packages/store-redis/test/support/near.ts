import { type CachedStore, cacheStore } from "@holdfast/session-core/near-cache";
import type { SessionId, StoredSession } from "@holdfast/session-core/store";
import { testRow } from "@holdfast/store-contract";
import { createRedisStore, type RedisStore } from "@holdfast/store-redis";
import { trackInvalidations } from "@holdfast/store-redis/tracking";
import { afterAll, afterEach, beforeAll, beforeEach, expect, vi } from "vitest";
import { CLIENTS, type Connected } from "./clients.ts";
import type { Place } from "./place.ts";
import { type OpenTracker, TRACKERS } from "./trackers.ts";

/** Until something that a real server does in its own time has come about. */
export const soon = (check: () => unknown): Promise<unknown> => vi.waitFor(check, { timeout: 60_000, interval: 5 });

/** A near cache in this process, and somebody else on the same server. */
export interface Near {
  /** Anew for each test. */
  readonly store: CachedStore<RedisStore>;
  readonly far: RedisStore;
  readonly elsewhere: Connected;
  /** A session that this process has a copy of, which it uses. */
  hot(): Promise<StoredSession>;
  /** Resolves once this process sees that it is over. */
  ends(id: SessionId): Promise<unknown>;
}

/** For the tests of this `describe`. @param told which client library tells of changes */
export function nearCache(told: keyof typeof TRACKERS, place: () => Pick<Place, "url" | "prefix">): Near {
  let data: Connected;
  let elsewhere: Connected;
  let tracker: OpenTracker;
  let far: RedisStore;
  let store: CachedStore<RedisStore>;
  beforeAll(async () => {
    const { url, prefix } = place();
    data = await CLIENTS["ioredis 6"](url);
    elsewhere = await CLIENTS["node-redis 6"](url);
    far = createRedisStore(elsewhere.client, { prefix });
  });
  beforeEach(async () => {
    const { url, prefix } = place();
    tracker = await TRACKERS[told](url);
    const inner = createRedisStore(data.client, { prefix });
    store = cacheStore(inner, { invalidations: trackInvalidations(inner, tracker.client) });
    await soon(() => expect(store.cache.stats().resets).toBeGreaterThan(0));
  });
  afterEach(() => {
    store.cache.close();
    tracker.close();
  });
  afterAll(async () => {
    await data?.close();
    await elsewhere?.close();
  });
  return {
    get store() {
      return store;
    },
    get far() {
      return far;
    },
    get elsewhere() {
      return elsewhere;
    },
    async hot() {
      const row = testRow();
      await far.create(row, { began: row.createdAt });
      await soon(async () => {
        await store.read(row.id);
        const { hits } = store.cache.stats();
        await store.read(row.id);
        expect(store.cache.stats().hits).toBe(hits + 1);
      });
      return row;
    },
    ends: (id) => soon(async () => expect((await store.read(id))?.body).toBe("ended")),
  };
}
