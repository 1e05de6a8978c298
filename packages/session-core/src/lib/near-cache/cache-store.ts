import type { Millis } from "@holdfast/session-protocol";
import { type Clock, systemClock } from "../clock.ts";
import { configError, noOthers } from "../errors.ts";
import type { HeldRead } from "../held.ts";
import { isEnder } from "../is-ender.ts";
import { isIndex } from "../is-index.ts";
import { isSweeper } from "../is-sweeper.ts";
import type { ReadOptions, SessionId, SessionStore, StoredSession, SubjectIndex, Sweeper } from "../port.ts";
import type { Wrapped } from "../wrapped.ts";
import { createCopies } from "./copies.ts";
import { createFlights } from "./flights.ts";
import type { Invalidations } from "./invalidations.ts";
import { createLease, monotonic } from "./lease.ts";

export interface CacheOptions {
  /** The engine's word on what changed, such as `trackInvalidations` of `@holdfast/store-redis`. Without it, copies are believed for `maxStaleness`. */
  readonly invalidations?: Invalidations;
  /**
   * Milliseconds, at least 10. No copy that went out of date longer ago is ever served, whatever fails. With `invalidations` a revocation
   * elsewhere usually arrives within a few milliseconds, and this is what holds when the stream is broken: default 1000. Without them it is how long
   * a session that was revoked elsewhere may still be let in here, and has no default.
   */
  readonly maxStaleness?: Millis;
  /** Bytes of the copies, as estimated from above. Default 67,108,864 (64 MiB). */
  readonly maxBytes?: number;
  /** Decides whether a copy has expired. Default: the system clock. */
  readonly clock?: Clock;
}

export interface CacheStats {
  readonly hits: number;
  /** Reads that the engine answered, those that asked for it (`authoritative`) included. */
  readonly misses: number;
  /** Reads that found the lease run out, and so went to the engine: the stream of changes is broken or late. */
  readonly lapses: number;
  /** Times that all copies were dropped because changes may have been missed. */
  readonly resets: number;
  readonly copies: number;
  readonly bytes: number;
}

export interface NearCache {
  readonly maxStaleness: Millis;
  stats(): CacheStats;
  /** Ends timers and stream; from then on every read goes to the engine. */
  close(): void;
}

/** The store with the powers of the one inside. */
export type CachedStore<S extends SessionStore> = Wrapped<S> & { readonly cache: NearCache };

const MEBIBYTE = 1024 * 1024;

/**
 * Keeps hot sessions in this process. A copy may only let somebody in: core takes every negative verdict on a read of the engine, and every write goes there
 * at once. Parallel reads of one session are one read. Put it around `encryptStore`, so that copies are ready to use.
 * @throws HoldfastError `config` for a wrong option
 */
export function cacheStore<S extends SessionStore>(store: S, options: CacheOptions): CachedStore<S> {
  noOthers("", options, ["invalidations", "maxStaleness", "maxBytes", "clock"]);
  const { invalidations, maxStaleness = invalidations && 1000, maxBytes = 64 * MEBIBYTE, clock = systemClock } = options;
  if (maxStaleness === undefined) throw configError("maxStaleness", "say for how many milliseconds a copy is believed, or give invalidations.");
  if (!(maxStaleness >= 10 && maxStaleness <= 3_600_000)) throw configError("maxStaleness", "must be 10 ms to an hour.");
  if (!(maxBytes >= MEBIBYTE)) throw configError("maxBytes", "must be at least 1048576 (1 MiB).");
  if (store.capabilities.inProcess || store.capabilities.cached) throw configError("store", "answers from this process already; a cache in front of it only costs.");

  const copies = createCopies(maxBytes);
  const flights = createFlights();
  let hits = 0;
  let misses = 0;
  let lapses = 0;
  let resets = 0;
  const drop = (id: string): void => {
    copies.delete(id);
    flights.outdate(id);
  };
  const dropAll = (): void => {
    resets += 1;
    copies.clear();
    flights.outdateAll();
  };
  const lease = invalidations && createLease(invalidations, maxStaleness, dropAll, drop);
  let open = true;
  const believes = (asked: Millis): boolean => (lease ? lease.holds() : open && monotonic() < asked + maxStaleness);

  const ask = (id: SessionId, how: ReadOptions): Promise<StoredSession | null> => {
    misses += 1;
    return flights.begin(id, monotonic(), () => store.read(id, how), (row, asked) => void (open && copies.set({ row: Object.freeze(row), asked })));
  };
  /** Whatever was read before a write is over may be out of date, whether the write succeeds or not. */
  const writing = async <T>(id: SessionId, write: () => Promise<T>, others: (result: T) => readonly SessionId[] = () => []): Promise<T> => {
    drop(id);
    try {
      const result = await write();
      for (const other of others(result)) drop(other);
      return result;
    } finally {
      drop(id);
    }
  };

  const held = (id: SessionId): StoredSession | undefined => {
    const copy = copies.get(id);
    if (!copy || !believes(copy.asked) || copy.row.expiresAt <= clock.now()) return undefined;
    hits += 1;
    return copy.row;
  };
  const look = async (id: SessionId, how: ReadOptions, again: boolean): Promise<StoredSession | null> => {
    how.signal?.throwIfAborted();
    if (how.authoritative) return ask(id, how);
    const copy = held(id);
    if (copy) return copy;
    const flight = flights.joinable(id);
    if ((flight || copies.get(id)) && lease?.holds() === false) lapses += 1;
    if (!flight || !believes(flight.asked)) return ask(id, how);
    return flight.answer.catch((fault: unknown) => {
      // The deadline of the other reader is not this one's, so who shared his failure looks once more: all of them in one read, or an engine that is
      // down would get one from each.
      if (again) throw fault;
      return look(id, how, true);
    });
  };
  const read = (id: SessionId, how: ReadOptions = {}): Promise<StoredSession | null> => look(id, how, false);

  const cached: SessionStore & Partial<SubjectIndex & Sweeper> & { readonly cache: NearCache } = {
    capabilities: { ...store.capabilities, cached: true },
    cache: {
      maxStaleness,
      stats: () => ({ hits, misses, lapses, resets, copies: copies.size, bytes: copies.bytes }),
      close() {
        open = false;
        lease?.close();
        copies.clear();
      },
    },
    read: Object.assign(read, { held } satisfies HeldRead),
    create: (row, guard, how) => writing(row.id, () => store.create(row, guard, how), ({ evicted }) => (guard?.replaces ? [...evicted, guard.replaces.id] : evicted)),
    update: (row, expectedRevision, how) => writing(row.id, () => store.update(row, expectedRevision, how)),
    touch: (id, seenAt, expiresAt, how) => writing(id, () => store.touch(id, seenAt, expiresAt, how)),
    end: (id, tombstone, how) => writing(id, () => store.end(id, tombstone, how)),
    delete: (id, how) => writing(id, () => store.delete(id, how)),
  };
  if (isIndex(store)) cached.list = (partition, how) => store.list(partition, how);
  if (isEnder(store)) {
    cached.endAll = async (partition, tombstone, how) => {
      const dropThose = (): void => {
        copies.deleteAll(partition);
        flights.outdateAll(partition);
      };
      dropThose();
      return store.endAll(partition, tombstone, how).finally(dropThose);
    };
  }
  if (isSweeper(store)) cached.sweep = (now, limit, how) => store.sweep(now, limit, how);
  return cached as CachedStore<S>;
}
