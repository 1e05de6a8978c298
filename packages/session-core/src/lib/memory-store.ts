import type { Millis } from "@holdfast/session-protocol";
import { type Clock, systemClock } from "./clock.ts";
import { configError, HoldfastError } from "./errors.ts";
import { newestFirst, pageOf, placeOf } from "./store-kit/pages.ts";
import { Marks } from "./memory-store/marks.ts";
import { type Entry, Table } from "./memory-store/table.ts";
import { partitionOf } from "./partition-of.ts";
import type { CreateGuard, CreateResult, IndexedStore, StoredSession } from "./port.ts";

export interface MemoryStoreOptions {
  /**
   * Rows and tombstones kept at once, default 100,000. At the cap expired rows go first, then tombstones, then the guest
   * seen longest ago. Sessions with a subject and auxiliary rows are never dropped: when only they are left, `create` rejects with `store_full`.
   */
  readonly maxSessions?: number;
  /** Decides about expiry and stamps `notBefore`. Default: the system clock. */
  readonly clock?: Clock;
}

/**
 * Sessions in this process: for development, tests and programs of one process that may forget them.
 * It starts no timer; call `sweep` now and then, or let the cap do it.
 * @throws HoldfastError `config` for a cap that is no positive integer.
 */
export function createMemoryStore(options: MemoryStoreOptions = {}): IndexedStore {
  const { maxSessions = 100_000, clock = systemClock } = options;
  if (!Number.isInteger(maxSessions) || maxSessions < 1) {
    throw configError("maxSessions", "must be a positive integer; the default is 100000.");
  }
  const table = new Table();
  const marks = new Marks();

  // No `await` inside a verb: each runs in one piece, which is what makes it atomic.
  return {
    capabilities: { index: true, clock: "caller", durability: "volatile", evicts: false, inProcess: true },

    async read(id, { signal } = {}) {
      signal?.throwIfAborted();
      return table.find(id, clock.now())?.row ?? null;
    },

    async create(row, guard, { signal } = {}) {
      signal?.throwIfAborted();
      return create(table, marks, row, guard, clock.now(), maxSessions);
    },

    async update(row, expectedRevision, { signal } = {}) {
      signal?.throwIfAborted();
      const entry = table.findLive(row.id, clock.now());
      if (entry === undefined) return "missing";
      if (entry.row.revision !== expectedRevision) return "conflict";
      const { revision, writeId, body } = row;
      table.change(entry, { revision, writeId, body, ...later(entry, row.seenAt, row.expiresAt) });
      return "updated";
    },

    async touch(id, seenAt, expiresAt, { signal } = {}) {
      signal?.throwIfAborted();
      const entry = table.findLive(id, clock.now());
      if (entry === undefined) return "missing";
      table.change(entry, later(entry, seenAt, expiresAt));
      return "touched";
    },

    async end(id, tombstone, { signal, ifRevision } = {}) {
      signal?.throwIfAborted();
      const entry = table.findLive(id, clock.now());
      if (entry === undefined) return "missing";
      if (ifRevision !== undefined && entry.row.revision !== ifRevision) return "conflict";
      table.bury(entry, tombstone);
      return "ended";
    },

    async delete(id, { signal } = {}) {
      signal?.throwIfAborted();
      table.drop(id);
    },

    async list(partition, { signal, limit = 100, cursor } = {}) {
      signal?.throwIfAborted();
      const after = placeOf(cursor);
      const rest = table.ofSubject(partition, clock.now()).map((entry) => entry.row).filter((row) => newestFirst(after, row) < 0);
      return pageOf(rest.sort(newestFirst), limit);
    },

    async endAll(partition, tombstone, { signal, except } = {}) {
      signal?.throwIfAborted();
      const now = clock.now();
      const ended = table.ofSubject(partition, now).filter((entry) => entry.row.id !== except);
      for (const entry of ended) table.bury(entry, tombstone);
      return { notBefore: marks.stamp(partition, now), ended: ended.map((entry) => entry.row.id) };
    },

    async sweep(now, limit = 1000, { signal } = {}) {
      signal?.throwIfAborted();
      marks.forget(now);
      let dropped = 0;
      while (dropped < limit && table.dropExpired(now)) dropped += 1;
      return dropped;
    },
  };
}

function create(
  table: Table,
  marks: Marks,
  row: StoredSession,
  guard: CreateGuard | undefined,
  now: Millis,
  maxSessions: number,
): CreateResult {
  if (table.find(row.id, now) !== undefined) return { outcome: "exists", evicted: [] };
  const partition = partitionOf(row.id);
  if (guard !== undefined && marks.refuses(partition, guard.began)) return { outcome: "revoked", evicted: [] };
  const replaced = guard?.replaces && table.findLive(guard.replaces.id, now);
  let evicted: readonly Entry[] = [];
  if (guard?.limit !== undefined) {
    const { max, whenFull, tombstone } = guard.limit;
    const live = table.ofSubject(partition, now).filter((entry) => entry !== replaced).sort((a, b) => newestFirst(a.row, b.row));
    if (live.length >= max && whenFull === "reject") return { outcome: "full", evicted: [] };
    evicted = live.slice(Math.max(0, max - 1));
    for (const entry of evicted) table.bury(entry, tombstone);
  }
  if (replaced && guard?.replaces) table.bury(replaced, guard.replaces.tombstone);
  table.drop(row.id);
  if (!table.makeRoom(maxSessions, now)) {
    throw new HoldfastError("store_full", `The memory store holds ${maxSessions} live sessions, none of them a guest's. Raise maxSessions.`);
  }
  table.insert(row, guard === undefined ? "guest" : "indexed");
  return { outcome: "created", evicted: evicted.map((entry) => entry.row.id) };
}

const later = ({ row }: Entry, seenAt: Millis, expiresAt: Millis): Pick<StoredSession, "seenAt" | "expiresAt"> => ({
  seenAt: Math.max(row.seenAt, seenAt),
  expiresAt: Math.max(row.expiresAt, expiresAt),
});
