import { type Clock, HoldfastError, type SessionId, type SessionStore, type StoredSession, type SubjectEnder, systemClock } from "@holdfast/session-core/store";
import { partitionOf } from "@holdfast/session-core/store-kit";
import { change, end } from "./change.ts";
import { create } from "./create.ts";
import { endAll } from "./end-all.ts";
import { wrongOption } from "./errors.ts";
import { placesIn } from "./keys.ts";
import { underMark } from "./marks.ts";
import type { MemcachedNode } from "./node.ts";
import { look, type Shelf, shelfOf } from "./shelf.ts";

export interface MemcachedStoreOptions {
  /**
   * Must be `true`, because memcached drops what was not used for longest when it needs room, and everything with a restart. It means that you accept that
   * people are signed out early. What is dropped never brings an ended session back. What must not be dropped is refused (registers, `revokeEverything`).
   */
  readonly evicts: true;
  /** Every key begins with it. Default `hf:`. Applications that share servers need different ones. */
  readonly prefix?: string;
  /**
   * The largest row in bytes, default 1,000,000. Change it together with the `-I` of the servers, and keep it some hundred bytes below: memcached drops
   * the row that it has when it refuses a larger one.
   */
  readonly maxItemBytes?: number;
  /** Decides about expiry and stamps `notBefore`. Default: the system clock. */
  readonly clock?: Clock;
}

export interface MemcachedStore extends SessionStore, SubjectEnder {}

/**
 * Sessions in memcached 1.6. A read is one trip to one node; every other verb is compare-and-set. There is no index: no lists, no limits.
 * Faults of the nodes reject as they are.
 * @throws HoldfastError `config` for a wrong option
 */
export function createMemcachedStore(nodes: readonly MemcachedNode[], options: MemcachedStoreOptions): MemcachedStore {
  const { evicts, prefix = "hf:", maxItemBytes = 1_000_000, clock = systemClock }: Partial<MemcachedStoreOptions> = options ?? {};
  if (evicts !== true) throw wrongOption("evicts", "must be true: memcached drops sessions to make room and at a restart. Accept that with evicts: true, or use another store.");
  if (!Number.isSafeInteger(maxItemBytes) || maxItemBytes < 1000) throw wrongOption("maxItemBytes", "must be a whole number of bytes of at least 1000; the default is 1000000.");
  const placeOf = placesIn(nodes, prefix);
  const at = (id: SessionId, signal?: AbortSignal): Shelf => shelfOf({ place: placeOf(id), signal, now: () => clock.now(), maxItemBytes });

  return {
    capabilities: { index: false, clock: "caller", durability: "volatile", evicts },

    async read(id, { signal } = {}) {
      const { kept, mark } = await look(at(id, signal), id);
      return underMark(kept, mark, clock.now())?.row ?? null;
    },

    async create(row, guard, { signal } = {}) {
      if (guard?.limit) throw new HoldfastError("unsupported", "memcached has no index, so nobody can count a subject's sessions.");
      if (guard?.replaces && partitionOf(guard.replaces.id) !== partitionOf(row.id)) throw new HoldfastError("invalid_data", "A session replaces one of its own partition.");
      try {
        return { outcome: await create((id) => at(id, signal), row, guard), evicted: [] };
      } catch (error) {
        throw error instanceof Error && /SERVER_ERROR out of memory/.test(error.message) ? new HoldfastError("store_full", "The memcached server has no memory left.") : error;
      }
    },

    async update(row, expectedRevision, { signal } = {}) {
      const { revision, writeId, body } = row;
      return change(at(row.id, signal), row.id, (old) =>
        old.revision === expectedRevision ? { outcome: "updated", row: { revision, writeId, body, ...later(old, row.seenAt, row.expiresAt) } } : { outcome: "conflict" },
      );
    },

    async touch(id, seenAt, expiresAt, { signal } = {}) {
      return change(at(id, signal), id, (old) => {
        const next = later(old, seenAt, expiresAt);
        return next.seenAt === old.seenAt && next.expiresAt === old.expiresAt ? { outcome: "touched" } : { outcome: "touched", row: next };
      });
    },

    end: async (id, tombstone, { signal, ifRevision } = {}) => end(at(id, signal), id, tombstone, ifRevision),

    async delete(id, { signal } = {}) {
      const shelf = at(id, signal);
      await shelf.send([{ verb: "md", key: shelf.place.row, flags: "" }]);
    },

    async endAll(partition, tombstone, { signal, except } = {}) {
      // What is no session of theirs spares nobody: nothing lies under the name of a partition.
      const id = except && partitionOf(except) === partition ? except : (partition as string as SessionId);
      return endAll(at(id, signal), id, tombstone);
    },
  };
}

const later = (row: StoredSession, seenAt: number, expiresAt: number): Pick<StoredSession, "seenAt" | "expiresAt"> => ({
  seenAt: Math.max(row.seenAt, seenAt),
  expiresAt: Math.max(row.expiresAt, expiresAt),
});
