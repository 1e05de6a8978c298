import { type CreateGuard, type CreateResult, HoldfastError, type IndexedStore, type SessionId, type StoredSession, type Tombstone } from "@holdfast/session-core/store";
import { MARKS_KEPT, pageOf, partitionOf, placeOf, withAttempts } from "@holdfast/session-core/store-kit";
import type { MysqlRun, MysqlStatement, MysqlValue } from "./driver.ts";
import { idOf, toSession } from "./rows.ts";
import { type MysqlStoreOptions, namesOf } from "./schema.ts";
import { statementsOf } from "./statements.ts";

const DUPLICATE = 1062;
/** Deadlock and a lock that was waited for too long: nothing of the statement took effect, and the procedures roll their transaction back. */
const ROLLED_BACK: readonly unknown[] = [1213, 1205];

/**
 * Sessions in MySQL or MariaDB. The tables must be there: see `ensureMysqlSchema`. The server's clock decides about expiry and stamps
 * `notBefore`. Faults of the driver reject as they are.
 * @throws HoldfastError `config` for a wrong option.
 */
export function createMysqlStore(run: MysqlRun, options: MysqlStoreOptions = {}): IndexedStore {
  const sql = statementsOf(namesOf(options));
  const resultOf = withAttempts(run, ({ errno }) => ROLLED_BACK.includes(errno));
  const changed = async (statement: MysqlStatement, signal?: AbortSignal): Promise<boolean> => (await resultOf(statement, signal)).affected > 0;
  const isLive = async (id: SessionId, signal?: AbortSignal): Promise<boolean> => (await resultOf(sql.isLive(id), signal)).rows.length > 0;

  const insert = async ({ id, revision, writeId, createdAt, seenAt, expiresAt, body }: StoredSession, signal?: AbortSignal): Promise<boolean> => {
    try {
      return await changed(sql.create(id, revision, writeId, createdAt, seenAt, expiresAt, body), signal);
    } catch (fault) {
      if ((fault as { readonly errno?: number }).errno !== DUPLICATE) throw fault;
      return false;
    }
  };

  return {
    capabilities: { index: true, clock: "engine", durability: "single", evicts: false },

    async read(id, { signal } = {}) {
      const [row] = (await resultOf(sql.read(id), signal)).rows;
      return row === undefined ? null : toSession(row);
    },

    async create(row, guard, { signal } = {}) {
      refuseLong(row.id);
      if (guard !== undefined) return toResult((await resultOf(sql.createGuarded(...argumentsOf(row, guard)), signal)).rows);
      const created = (await insert(row, signal)) || ((await changed(sql.deleteExpired(row.id), signal)) && (await insert(row, signal)));
      return { outcome: created ? "created" : "exists", evicted: [] };
    },

    async update({ id, revision, writeId, seenAt, expiresAt, body }, expectedRevision, { signal } = {}) {
      if (await changed(sql.update(revision, writeId, seenAt, expiresAt, body, id, expectedRevision), signal)) return "updated";
      return (await isLive(id, signal)) ? "conflict" : "missing";
    },

    async touch(id, seenAt, expiresAt, { signal } = {}) {
      // A connection that was told to count changes finds nothing where both times were later already.
      return (await changed(sql.touch(seenAt, expiresAt, id), signal)) || (await isLive(id, signal)) ? "touched" : "missing";
    },

    async end(id, { writeId, expiresAt, body }, { signal, ifRevision } = {}) {
      if (await changed(sql.end(writeId, expiresAt, body, id, ifRevision ?? null), signal)) return "ended";
      return ifRevision !== undefined && (await isLive(id, signal)) ? "conflict" : "missing";
    },

    async delete(id, { signal } = {}) {
      await resultOf(sql.delete(id), signal);
    },

    async list(partition, { signal, limit = 100, cursor } = {}) {
      const { createdAt, id } = placeOf(cursor);
      // One row more than the page tells whether there is a next one.
      const found = (await resultOf(sql.list(limit + 1, partition, createdAt, createdAt, id), signal)).rows.map(toSession);
      return pageOf(found, limit);
    },

    async endAll(partition, { writeId, expiresAt, body }, { signal, except } = {}) {
      const { rows } = await resultOf(sql.endAll(partition, writeId, expiresAt, body, except ?? null), signal);
      const [[notBefore] = [], ...ended] = rows;
      return { notBefore: Number(notBefore), ended: ended.map(([id]) => idOf(id)) };
    },

    async sweep(now, limit = 1000, { signal } = {}) {
      await resultOf(sql.sweepMarks(now - MARKS_KEPT, limit), signal);
      const [[count] = []] = (await resultOf(sql.sweep(now, limit), signal)).rows;
      return Number(count);
    },
  };
}

/** A server that is not strict would cut it, and then it might be another one's. */
function refuseLong(id: string): void {
  if (id.length > 24) throw new HoldfastError("invalid_data", "An id longer than 24 characters is none of Holdfast.");
}

/** In the order of the procedure's parameters. */
const argumentsOf = ({ id, revision, writeId, createdAt, seenAt, expiresAt, body }: StoredSession, { began, limit, replaces }: CreateGuard): MysqlValue[] => [
  id, partitionOf(id), revision, writeId, createdAt, seenAt, expiresAt, body,
  began, limit?.max ?? null, limit?.whenFull === "evict-oldest",
  ...stoneOf(limit),
  replaces?.id ?? null,
  ...stoneOf(replaces),
];

const stoneOf = (ending: { readonly tombstone: Tombstone } | undefined): MysqlValue[] =>
  ending === undefined ? [null, null, null] : [ending.tombstone.writeId, ending.tombstone.expiresAt, ending.tombstone.body];

/** The first row is the outcome, each further one a session that had to go. */
function toResult([first, ...evicted]: readonly (readonly unknown[])[]): CreateResult {
  return { outcome: String(first?.[0]) as CreateResult["outcome"], evicted: evicted.map(([, id]) => idOf(id)) };
}
