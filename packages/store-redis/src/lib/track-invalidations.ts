import type { InvalidationListener, Invalidations, SessionId } from "@holdfast/session-core/store";
import { wrongOption } from "./errors.ts";
import type { RedisStore } from "./redis-store.ts";
import { trackerOf, type TrackingClient } from "./tracking-client.ts";

export type { TrackingClient } from "./tracking-client.ts";

export interface TrackingOptions {
  /**
   * No copy is believed for now, and every read goes to the server: it refused to track or to write a beat, as it does to users who may not (`NOPERM`) and as a
   * master does that became a replica (`READONLY`), or what the store writes was not told within five seconds, because it writes to another server. In the last
   * case have the client connect anew. Called with each attempt. Must not throw.
   */
  readonly onFault?: (error: unknown) => void;
}

/** How long a beat may be on its way, in ms: what is told later is of no use, since a lease counts from when it was asked for. */
const PATIENCE = 5000;
const ELSEWHERE = "What the store writes is not told here: this client is connected to another server than the store's.";

/**
 * What Redis 7 or Valkey tells of rows that changed, for `cacheStore` of `@holdfast/session-core/near-cache`. Uses broadcasting tracking, which costs the
 * server no table of keys and tells of what this very process wrote, too.
 *
 * The lease of the copies is renewed by a beat: the store writes a key of its own through the client that it reads with, and what is told of it must come back.
 * So whoever tells is the master that is read from, or a replica that has everything it wrote; a lease that a replica's lag has used up is over.
 *
 * Not for Cluster: what a master that joined later holds would never be told of.
 * @param store whose rows, by the beginning of their keys, on one connection.
 * @throws HoldfastError `config` for a client that cannot be told, or a store with several connections
 */
export function trackInvalidations(store: Pick<RedisStore, "keyPrefix" | "beat">, client: TrackingClient, { onFault }: TrackingOptions = {}): Invalidations {
  const tracker = trackerOf(client);
  const send = store.beat;
  if (!send) throw wrongOption("store", "its client has several connections (Cluster, createClientPool), of which one may read where nothing is told. Give the near cache's store a client with one.");
  const rows = `${store.keyPrefix}{`;
  // A process is told of its own beats only. The server tells in the order of the prefixes, so of rows first.
  const own = `~${Array.from(crypto.getRandomValues(new Uint8Array(12)), (byte) => byte.toString(36)).join("")}.`;
  let listener: InvalidationListener | undefined;
  /** Counts connections: what was arranged on one is worth nothing on the next. */
  let connection = 0;
  let arming: { readonly connection: number; readonly done: Promise<void> } | undefined;
  let beats = 0;
  let awaited: { readonly key: string; told(): void; failed(why: Error): void } | undefined;
  /** Which master the last beat met, and since when it is one. */
  let master: string | undefined;

  const broken = (why: string): void => awaited?.failed(new Error(why));
  const arm = (): Promise<void> => {
    if (arming?.connection === connection) return arming.done;
    const at = connection;
    const done = tracker.arm([rows, store.keyPrefix + own]).then(() => {
      if (at !== connection) throw new Error("The connection was replaced.");
      // From here on everything is told; what was before may have been missed.
      listener?.reset();
    });
    arming = { connection: at, done };
    done.catch((error: unknown) => {
      if (arming?.done === done) arming = undefined;
      onFault?.(error);
    });
    return done;
  };

  /** Which master answered, once it was told that it did. Each beat has a name of its own: what is told of one that was given up proves nothing later. */
  const beat = async (): Promise<string> => {
    const name = own + (beats += 1).toString(36);
    const controller = new AbortController();
    let answered = false;
    const told = new Promise<void>((resolve, reject) => {
      awaited = {
        key: store.keyPrefix + name,
        told: resolve,
        failed(why) {
          controller.abort(why);
          reject(why);
        },
      };
    });
    const giveUp = (): void => {
      if (!answered) return broken("The store's client does not answer.");
      // Whatever was arranged, it is worth nothing here.
      arming = undefined;
      broken(ELSEWHERE);
      onFault?.(new Error(ELSEWHERE));
    };
    const timer = setTimeout(giveUp, PATIENCE);
    (timer as { unref?: () => void }).unref?.();
    const answer = send(name, controller.signal).catch((error: unknown) => {
      if (!controller.signal.aborted) onFault?.(error);
      throw error;
    });
    try {
      return (await Promise.all([answer.finally(() => (answered = true)), told]))[0];
    } finally {
      clearTimeout(timer);
      awaited = undefined;
    }
  };

  return {
    listen(to) {
      listener = to;
      const stop = tracker.listen({
        changed(keys) {
          if (keys === null) {
            broken("The server was emptied.");
            return to.reset();
          }
          for (const key of keys) {
            if (String(key) === awaited?.key) awaited.told();
            const id = idOf(rows, String(key));
            if (id) to.changed(id);
          }
        },
        lost() {
          connection += 1;
          broken("The connection was lost.");
        },
        connected() {
          connection += 1;
          broken("The connection was replaced.");
          arm().catch(() => undefined);
        },
      });
      return () => {
        listener = undefined;
        stop();
        broken("Nobody listens any more.");
      };
    },
    async sync() {
      if (!tracker.ready) throw new Error("There is no connection.");
      await arm();
      const at = connection;
      const before = master;
      master = undefined;
      const found = await beat();
      if (at !== connection) throw new Error("The connection was replaced.");
      master = found;
      // What was read before this beat may come from a server that was no master any more: of its rows others have told all there is to tell already.
      if (found !== before) listener?.reset();
    },
  };
}

/** The session of a key such as `hf:{AAAAAAAAAAAA}BBBBBBBBBBBB`. */
function idOf(rows: string, key: string): SessionId | undefined {
  if (!key.startsWith(rows) || key[rows.length + 12] !== "}") return undefined;
  return (key.slice(rows.length, rows.length + 12) + key.slice(rows.length + 13)) as SessionId;
}
