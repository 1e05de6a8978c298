import type { InvalidationListener, Invalidations, SessionId } from "@holdfast/session-core/store";
import type { RedisStore } from "./redis-store.ts";
import { trackerOf, type TrackingClient } from "./tracking-client.ts";

export type { TrackingClient } from "./tracking-client.ts";

export interface TrackingOptions {
  /** The server refused, as it does to users who may not track: every read then goes to it. Called with each attempt. Must not throw. */
  readonly onFault?: (error: unknown) => void;
}

/**
 * What Redis 7 or Valkey tells of rows that changed, for `cacheStore` of `@holdfast/session-core/near-cache`. Uses broadcasting tracking, which costs the
 * server no table of keys and tells of what this very process wrote, too.
 *
 * Not for Cluster: what a master that joined later holds would never be told of.
 * @param store whose rows, by the beginning of their keys.
 * @throws HoldfastError `config` for a client that cannot be told
 */
export function trackInvalidations(store: Pick<RedisStore, "keyPrefix">, client: TrackingClient, { onFault }: TrackingOptions = {}): Invalidations {
  const tracker = trackerOf(client);
  const rows = `${store.keyPrefix}{`;
  let listener: InvalidationListener | undefined;
  /** Counts connections: what was arranged on one is worth nothing on the next. */
  let connection = 0;
  let arming: { readonly connection: number; readonly done: Promise<void> } | undefined;

  const arm = (): Promise<void> => {
    if (arming?.connection === connection) return arming.done;
    const own = connection;
    const done = tracker.arm(rows).then(() => {
      if (own !== connection) throw new Error("The connection was replaced.");
      // From here on everything is told; what was before may have been missed.
      listener?.reset();
    });
    arming = { connection: own, done };
    done.catch((error: unknown) => {
      if (arming?.done === done) arming = undefined;
      onFault?.(error);
    });
    return done;
  };

  return {
    listen(to) {
      listener = to;
      const stop = tracker.listen({
        changed(keys) {
          if (keys === null) return to.reset();
          for (const key of keys) {
            const id = idOf(rows, String(key));
            if (id) to.changed(id);
          }
        },
        lost: () => void (connection += 1),
        connected() {
          connection += 1;
          arm().catch(() => undefined);
        },
      });
      return () => {
        listener = undefined;
        stop();
      };
    },
    async sync() {
      if (!tracker.ready) throw new Error("There is no connection.");
      await arm();
      const own = connection;
      await tracker.ping();
      if (own !== connection) throw new Error("The connection was replaced.");
    },
  };
}

/** The session of a key such as `hf:{AAAAAAAAAAAA}BBBBBBBBBBBB`. */
function idOf(rows: string, key: string): SessionId | undefined {
  if (!key.startsWith(rows) || key[rows.length + 12] !== "}") return undefined;
  return (key.slice(rows.length, rows.length + 12) + key.slice(rows.length + 13)) as SessionId;
}
