import { type Clock, HoldfastError, type IndexedStore, systemClock } from "@holdfast/session-core/store";
import { MARKS_KEPT, pageOf, placeOf } from "@holdfast/session-core/store-kit";
import { changed, createGuarded, insert } from "./create.ts";
import type { SqliteDatabase } from "./driver.ts";
import { idsOf, toSession } from "./rows.ts";
import { sqliteSchema } from "./schema.ts";
import { prepareStatements, type Statements } from "./statements.ts";
import { immediately } from "./transaction.ts";

export interface SqliteStoreOptions {
  /** Decides about expiry and stamps `notBefore`. Default: the system clock. */
  readonly clock?: Clock;
  /** Default `holdfast_sessions`. A second table, `<table>_marks`, remembers for 400 days whose sessions were all ended. */
  readonly table?: string;
  /**
   * `full` (default): an acknowledged write survives a power loss, at the price of one fsync per write.
   * `normal`: faster; it survives the death of the process, but a power loss may undo the last writes, sign-outs included.
   */
  readonly synchronous?: "full" | "normal";
}

/** How long a write waits for the writer of another process. The driver is synchronous, so this blocks the thread. */
const BUSY_TIMEOUT = 5000;

/**
 * Sessions in one SQLite file, which several processes of one machine may share. Makes its tables when they are missing, and sets
 * `journal_mode`, `synchronous` and `busy_timeout` of the connection. Faults of the driver reject as they are.
 * @throws HoldfastError `config` for a wrong option.
 */
export function createSqliteStore(db: SqliteDatabase, options: SqliteStoreOptions = {}): IndexedStore {
  const { clock = systemClock, table = "holdfast_sessions", synchronous = "full" } = options;
  if (synchronous !== "full" && synchronous !== "normal") {
    throw new HoldfastError("config", 'synchronous: must be "full" or "normal".', { option: "synchronous" });
  }
  const schema = sqliteSchema(table);
  db.exec(`PRAGMA busy_timeout = ${BUSY_TIMEOUT}`);
  db.exec("PRAGMA journal_mode = WAL");
  db.exec(`PRAGMA synchronous = ${synchronous}`);
  immediately(db, () => db.exec(schema));
  const sql = prepareStatements(db, table);

  return {
    capabilities: { index: true, clock: "caller", durability: "single", evicts: false, inProcess: true },

    async read(id, { signal } = {}) {
      signal?.throwIfAborted();
      const row = sql.read.get(id, clock.now());
      return row === undefined || row === null ? null : toSession(row);
    },

    async create(row, guard, { signal } = {}) {
      signal?.throwIfAborted();
      refuseNul(row.id, row.body);
      if (guard !== undefined) return immediately(db, () => createGuarded(sql, row, guard, clock.now()));
      return { outcome: insert(sql, row, null, clock.now()) ? "created" : "exists", evicted: [] };
    },

    async update(row, expectedRevision, { signal } = {}) {
      signal?.throwIfAborted();
      refuseNul(row.body);
      const now = clock.now();
      const { id, revision, writeId, seenAt, expiresAt, body } = row;
      const { changes } = sql.update.run(revision, writeId, seenAt, expiresAt, body, id, expectedRevision, now);
      return changed(changes) ? "updated" : isLive(sql, id, now) ? "conflict" : "missing";
    },

    async touch(id, seenAt, expiresAt, { signal } = {}) {
      signal?.throwIfAborted();
      return changed(sql.touch.run(seenAt, expiresAt, id, clock.now()).changes) ? "touched" : "missing";
    },

    async end(id, { writeId, expiresAt, body }, { signal, ifRevision } = {}) {
      signal?.throwIfAborted();
      refuseNul(body);
      const now = clock.now();
      if (changed(sql.end.run(writeId, expiresAt, body, id, ifRevision ?? null, now).changes)) return "ended";
      return ifRevision !== undefined && isLive(sql, id, now) ? "conflict" : "missing";
    },

    async delete(id, { signal } = {}) {
      signal?.throwIfAborted();
      sql.delete.run(id);
    },

    async list(partition, { signal, limit = 100, cursor } = {}) {
      signal?.throwIfAborted();
      const after = placeOf(cursor);
      // One row more than the page tells whether there is a next one.
      const found = sql.list.all(partition, after.createdAt, after.id, clock.now(), limit + 1).map(toSession);
      return pageOf(found, limit);
    },

    async endAll(partition, { writeId, expiresAt, body }, { signal, except } = {}) {
      signal?.throwIfAborted();
      refuseNul(body);
      return immediately(db, () => {
        // Read inside: the wait for another writer must not make the mark older than what that writer created.
        const now = clock.now();
        const ended = idsOf(sql.endAll.all(writeId, expiresAt, body, partition, now, except ?? ""));
        const [mark] = sql.mark.all(partition, now) as { readonly not_before: number }[];
        return { notBefore: mark?.not_before ?? now, ended };
      });
    },

    async sweep(now, limit = 1000, { signal } = {}) {
      signal?.throwIfAborted();
      sql.sweepMarks.run(now - MARKS_KEPT, limit);
      return Number(sql.sweep.run(now, limit).changes);
    },
  };
}

const isLive = (sql: Statements, id: string, now: number): boolean => Boolean(sql.isLive.get(id, now));

/** libsql cuts text at NUL when it reads. Core never writes one; if anybody does, all drivers refuse alike and nothing is cut. */
function refuseNul(...texts: readonly string[]): void {
  if (texts.some((text) => text.includes("\0"))) {
    throw new HoldfastError("invalid_data", "SQLite text with a NUL character is not kept whole by every driver.");
  }
}
