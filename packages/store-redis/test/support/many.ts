// A process of its own, so that its heap is what is measured: many sessions through a near cache of 1 MiB. Started with --expose-gc; says what it found as JSON.
import { cacheStore } from "@holdfast/session-core/near-cache";
import type { SessionStore } from "@holdfast/session-core/store";
import { testRow } from "@holdfast/store-contract";
import { createRedisStore } from "@holdfast/store-redis";
import { trackInvalidations } from "@holdfast/store-redis/tracking";
import { CLIENTS } from "./clients.ts";
import { TRACKERS } from "./trackers.ts";

export interface Many {
  /** Bytes of the copies, at most, as the cache counts them. */
  readonly most: number;
  readonly copies: number;
  /** Bytes by which the heap grew. */
  readonly grown: number;
  /** Keys in the server's table of who has what, before and after. */
  readonly tracked: readonly [before: string, after: string];
}

const AT_ONCE = 1000;
const [, , url = "", prefix = "", count = "0"] = process.argv;
const ids = Number(count);
const data = await CLIENTS["node-redis 6"](url);
const tracker = await TRACKERS["node-redis 6"](url);
const inner = createRedisStore(data.client, { prefix });
const store = cacheStore(inner, { maxBytes: 1024 * 1024, maxStaleness: 600_000, invalidations: trackInvalidations(inner, tracker.client) });
const heap = (): number => {
  const { gc } = globalThis as { readonly gc?: () => void };
  if (gc === undefined) throw new Error("start it with --expose-gc");
  gc();
  gc();
  return process.memoryUsage().heapUsed;
};
const trackedKeys = async (): Promise<string> => /tracking_total_keys:(\d+)/.exec(String(await data.command("", "INFO", "stats")))?.[1] ?? "?";
const fill = async (through: Pick<SessionStore, "read">): Promise<number> => {
  const rows = Array.from({ length: AT_ONCE }, () => testRow({ body: "x".repeat(200) }));
  await Promise.all(rows.map((row) => inner.create(row)));
  await Promise.all(rows.map(({ id }) => through.read(id)));
  return store.cache.stats().bytes;
};

// The client of the server takes some 14 MiB for itself in the first 40,000, with and without a cache.
for (let done = 0; done < Math.max(ids / 5, 50 * AT_ONCE); done += AT_ONCE) await fill(inner);
const trackedBefore = await trackedKeys();
let most = await fill(store);
const before = heap();
for (let done = AT_ONCE; done < ids; done += AT_ONCE) most = Math.max(most, await fill(store));
const { copies } = store.cache.stats();
console.log(JSON.stringify({ most, copies, grown: heap() - before, tracked: [trackedBefore, await trackedKeys()] } satisfies Many));
process.exit();
