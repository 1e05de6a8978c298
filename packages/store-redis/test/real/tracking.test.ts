import { cacheStore } from "@holdfast/session-core/near-cache";
import { describeStore, testPartition, testId, testRow, testTombstone } from "@holdfast/store-contract";
import { createRedisStore, type RedisClient } from "@holdfast/store-redis";
import { type TrackingClient, trackInvalidations } from "@holdfast/store-redis/tracking";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CLIENTS } from "../support/clients.ts";
import { nearCache, soon } from "../support/near.ts";
import { type Place, placesOn } from "../support/place.ts";
import { TRACKERS } from "../support/trackers.ts";

const REVOCATIONS = process.env["HOLDFAST_DRILL"] === "1" ? 2500 : 200;
const PROLONGED = process.env["HOLDFAST_DRILL"] === "1" ? 200 : 20;

for (const service of ["redis", "valkey"] as const) {
  const places = placesOn(service, "the near cache is");
  describe.skipIf(!places.here)(`the near cache on ${service} [needs ${service}]`, () => {
    let place: Place;
    beforeAll(async () => void (place = await places.open()));
    afterAll(() => place?.remove());

    for (const name of Object.keys(TRACKERS) as (keyof typeof TRACKERS)[]) {
      describe(`told by ${name}`, () => {
        const near = nearCache(name, () => place);

        it("[D10] what another process ends is dropped here, each time", async () => {
          const { store, far, ends } = near;
          for (let i = 0; i < REVOCATIONS; i++) {
            const row = testRow();
            await store.create(row, { began: row.createdAt });
            await store.read(row.id);
            await far.end(row.id, testTombstone());
            await ends(row.id);
          }
        });

        it("[D10] also after this process has written itself, and when all sessions of a subject end", async () => {
          const { store, far, ends } = near;
          const partition = testPartition();
          const rows = [testRow({ id: testId(partition) }), testRow({ id: testId(partition) })];
          for (const row of rows) {
            await store.create(row, { began: row.createdAt });
            await store.touch(row.id, row.seenAt + 1, row.expiresAt + 1);
            await store.read(row.id);
          }
          await far.endAll(partition, testTombstone());
          for (const { id } of rows) await ends(id);
        });
      });
    }

    // A server in its default mode, told not to tell a client of its own writes (NOLOOP), forgets that this client has a copy when it prolongs the key, and never tells of what comes next.
    it.each(["node-redis 6", "node-redis 5"] as const)(`[D10] told by %s on the connection that writes: what it prolonged itself and another one then ends is dropped, ${PROLONGED} times`, { timeout: 120_000 }, async (name) => {
      const tracker = await TRACKERS[name](place.url);
      const elsewhere = await CLIENTS["ioredis 6"](place.url);
      const far = createRedisStore(elsewhere.client, { prefix: place.prefix });
      const told = tracker.client as TrackingClient & RedisClient & { sendCommand(args: string[]): Promise<unknown> };
      const inner = createRedisStore(told, { prefix: place.prefix });
      const store = cacheStore(inner, { invalidations: trackInvalidations(inner, tracker.client) });
      try {
        let missed = 0;
        for (let i = 0; i < PROLONGED; i++) {
          const row = testRow({ body: "live" });
          await far.create(row, { began: row.createdAt });
          await soon(async () => {
            const { hits } = store.cache.stats();
            await store.read(row.id);
            expect(store.cache.stats().hits).toBeGreaterThan(hits);
          });
          // Not through the cache, and by a command that reads nothing: only the server could tell of it.
          expect(await told.sendCommand(["EXPIRE", `${inner.keyPrefix}{${row.id.slice(0, 12)}}${row.id.slice(12)}`, "3600"])).toBe(1);
          await far.end(row.id, testTombstone());
          // Whatever the server has to tell comes before the answer to this.
          await told.sendCommand(["PING"]);
          if ((await store.read(row.id))?.body === "live") missed += 1;
        }
        console.log(`${service}, ${name}: ${missed} of ${PROLONGED} missed`);
        expect(missed).toBe(0);
      } finally {
        store.cache.close();
        tracker.close();
        await elsewhere.close();
      }
    });

    describeStore(
      `near cache on ${service}`,
      async () => {
        const data = await CLIENTS["ioredis 6"](place.url);
        const tracker = await TRACKERS["node-redis 6"](place.url);
        const inner = createRedisStore(data.client, { prefix: place.prefix });
        const store = cacheStore(inner, { invalidations: trackInvalidations(inner, tracker.client) });
        return {
          store,
          dispose: async () => {
            store.cache.close();
            tracker.close();
            await data.close();
          },
        };
      },
      { index: true, clock: "engine", durability: "async", evicts: false, cached: true },
    );

    it("a client that would never be told is refused", async () => {
      const { createClient } = await import("redis");
      const { Redis } = await import("ioredis");
      const store = { keyPrefix: "hf:" };
      const plain = createClient({ url: place.url });
      const three = new Redis(place.url, { lazyConnect: true });
      for (const client of [plain, three, undefined, {}]) expect(() => trackInvalidations(store, client as never)).toThrow(expect.objectContaining({ code: "config", option: "client" }));
      three.disconnect();
    });
  });
}
