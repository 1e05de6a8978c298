import { cacheStore } from "@holdfast/session-core/near-cache";
import { describeStore, testPartition, testId, testRow, testTombstone } from "@holdfast/store-contract";
import { createRedisStore } from "@holdfast/store-redis";
import { trackInvalidations } from "@holdfast/store-redis/tracking";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CLIENTS } from "../support/clients.ts";
import { nearCache } from "../support/near.ts";
import { type Place, placesOn } from "../support/place.ts";
import { TRACKERS } from "../support/trackers.ts";

const REVOCATIONS = process.env["HOLDFAST_DRILL"] === "1" ? 2500 : 200;

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
