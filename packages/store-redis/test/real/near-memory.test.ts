import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { cacheStore } from "@holdfast/session-core/near-cache";
import { testRow } from "@holdfast/store-contract";
import { createRedisStore } from "@holdfast/store-redis";
import { trackInvalidations } from "@holdfast/store-redis/tracking";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CLIENTS } from "../support/clients.ts";
import { soon } from "../support/near.ts";
import { type Place, placesOn } from "../support/place.ts";
import { TRACKERS } from "../support/trackers.ts";

const IDS = process.env["HOLDFAST_DRILL"] === "1" ? 300_000 : 20_000;
const AT_ONCE = 1000;
const MEBIBYTE = 1024 * 1024;

const places = placesOn("redis", "what the near cache keeps is");
setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;
const heap = (): number => {
  collect();
  return process.memoryUsage().heapUsed;
};

describe.skipIf(!places.here)("the near cache in front of many sessions [needs redis]", () => {
  let place: Place;
  beforeAll(async () => void (place = await places.open()));
  afterAll(() => place?.remove());

  it(`stays within its bytes with ${IDS} ids, and so does the process; the server keeps no table of them`, { timeout: 600_000 }, async () => {
    const data = await CLIENTS["node-redis 6"](place.url);
    const tracker = await TRACKERS["node-redis 6"](place.url);
    const inner = createRedisStore(data.client, { prefix: place.prefix });
    const store = cacheStore(inner, { maxBytes: MEBIBYTE, invalidations: trackInvalidations(inner, tracker.client) });
    try {
      await soon(() => expect(store.cache.stats().resets).toBeGreaterThan(0));
      const fill = async (): Promise<number> => {
        const rows = Array.from({ length: AT_ONCE }, () => testRow({ body: "x".repeat(200) }));
        await Promise.all(rows.map((row) => inner.create(row)));
        await Promise.all(rows.map(({ id }) => store.read(id)));
        return store.cache.stats().bytes;
      };
      const tracked = async (): Promise<string | undefined> => /tracking_total_keys:(\d+)/.exec(String(await data.command("", "INFO", "stats")))?.[1];
      const trackedBefore = await tracked();
      let most = await fill();
      const before = heap();
      for (let ids = AT_ONCE; ids < IDS; ids += AT_ONCE) most = Math.max(most, await fill());
      const grown = heap() - before;
      const { copies } = store.cache.stats();
      const trackedAfter = await tracked();
      console.log(`${IDS} ids through a near cache of 1 MiB: ${(most / MEBIBYTE).toFixed(2)} MiB of copies at most, ${copies} in the end; the heap grew by ${(grown / MEBIBYTE).toFixed(1)} MiB, and the server tracks ${trackedAfter ?? "?"} keys`);
      expect(most).toBeLessThanOrEqual(MEBIBYTE);
      expect(copies).toBeGreaterThan(500);
      expect(grown).toBeLessThan(MEBIBYTE + 8 * MEBIBYTE);
      expect(trackedAfter).toBe(trackedBefore);
    } finally {
      store.cache.close();
      tracker.close();
      await data.close();
    }
  });
});
