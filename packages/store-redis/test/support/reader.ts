// A process of its own that reads one session after the other from its near cache, without a pause, and says when it was last let in.
import { cacheStore } from "@holdfast/session-core/near-cache";
import type { SessionId } from "@holdfast/session-core/store";
import { createRedisStore } from "@holdfast/store-redis";
import { trackInvalidations } from "@holdfast/store-redis/tracking";
import { CLIENTS } from "./clients.ts";
import type { Address } from "./engine.ts";
import { TRACKERS } from "./trackers.ts";

export interface Watched {
  readonly id: SessionId;
}
/** `hot`: it is served from memory. `refused`: it was not let in, and when the last read began that was, on the clock that all processes share. */
export type Said = { readonly word: "ready" | "hot" } | { readonly word: "refused"; readonly letIn: number };

const shared = (): number => Number(process.hrtime.bigint()) / 1e6;
const say = (said: Said): void => void process.send?.(said);

const { url, prefix, client, lease } = JSON.parse(process.argv[2] ?? "") as Address & { readonly lease: number };
const { client: data } = await CLIENTS[client](url);
const tracker = await TRACKERS[client](url);
const store = createRedisStore(data, { prefix });
const near = cacheStore(store, { maxStaleness: lease, invalidations: trackInvalidations(store, tracker.client) });

async function watch(id: SessionId): Promise<void> {
  let letIn = 0;
  let hot = false;
  for (let turn = 0; ; turn += 1) {
    const { hits } = near.cache.stats();
    const began = shared();
    const row = await near.read(id);
    if (row?.body !== "live") return say({ word: "refused", letIn });
    letIn = began;
    // Many reads for one look at the network: it will stand still between two reads, and go on with the next.
    if (hot && turn % 500 !== 0) continue;
    if (!hot && near.cache.stats().hits > hits) {
      hot = true;
      say({ word: "hot" });
    }
    // Whatever the engine tells comes in between.
    await new Promise<void>((resolve) => void setImmediate(resolve));
  }
}

process.on("disconnect", () => process.exit());
process.on("message", ({ id }: Watched) => void watch(id));
say({ word: "ready" });
