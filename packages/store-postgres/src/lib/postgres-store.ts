import type { CreateGuard, CreateResult, IndexedStore, SessionId, StoredSession, Tombstone } from "@holdfast/session-core/store";
import { MARKS_KEPT, pageOf, partitionOf, placeOf, withAttempts } from "@holdfast/session-core/store-kit";
import type { PostgresRun, PostgresStatement, PostgresValue } from "./driver.ts";
import { toSession } from "./rows.ts";
import { namesOf, type PostgresStoreOptions } from "./schema.ts";
import { statementsOf } from "./statements.ts";

/** Serialization failure and deadlock: nothing of the statement took effect. */
const ROLLED_BACK: readonly unknown[] = ["40001", "40P01"];

/**
 * Sessions in PostgreSQL. Each verb is one statement in a transaction of its own, so it works behind a transaction pooler, too. The tables
 * must be there: see `ensurePostgresSchema`. The server's clock decides about expiry and stamps `notBefore`. Faults of the driver reject as they are.
 * @throws HoldfastError `config` for a wrong option.
 */
export function createPostgresStore(run: PostgresRun, options: PostgresStoreOptions = {}): IndexedStore {
  const names = namesOf(options);
  const { durability = "single" } = options;
  const replicated = durability === "replicated";
  const sql = statementsOf(names, replicated);
  /** The last value of each write. */
  const asked = (durable = false): boolean[] => (replicated ? [durable] : []);
  const rowsOf = withAttempts(run, ({ code }) => ROLLED_BACK.includes(code));
  const changed = async (statement: PostgresStatement, signal?: AbortSignal): Promise<boolean> => (await rowsOf(statement, signal)).length > 0;

  return {
    capabilities: { index: true, clock: "engine", durability, evicts: false },

    async read(id, { signal } = {}) {
      const [row] = await rowsOf(sql.read(id), signal);
      return row === undefined ? null : toSession(row);
    },

    async create(row, guard, { signal, durable } = {}) {
      if (guard !== undefined) return toResult(await rowsOf(sql.createGuarded(...argumentsOf(row, guard), ...asked(durable)), signal));
      const { id, revision, writeId, createdAt, seenAt, expiresAt, body } = row;
      const created = await changed(sql.create(id, revision, writeId, createdAt, seenAt, expiresAt, body, ...asked(durable)), signal);
      return { outcome: created ? "created" : "exists", evicted: [] };
    },

    async update({ id, revision, writeId, seenAt, expiresAt, body }, expectedRevision, { signal, durable } = {}) {
      if (await changed(sql.update(id, expectedRevision, revision, writeId, seenAt, expiresAt, body, ...asked(durable)), signal)) return "updated";
      return (await changed(sql.isLive(id), signal)) ? "conflict" : "missing";
    },

    async touch(id, seenAt, expiresAt, { signal, durable } = {}) {
      return (await changed(sql.touch(id, seenAt, expiresAt, ...asked(durable)), signal)) ? "touched" : "missing";
    },

    async end(id, { writeId, expiresAt, body }, { signal, durable, ifRevision } = {}) {
      if (await changed(sql.end(id, writeId, expiresAt, body, ifRevision ?? null, ...asked(durable)), signal)) return "ended";
      return ifRevision !== undefined && (await changed(sql.isLive(id), signal)) ? "conflict" : "missing";
    },

    async delete(id, { signal, durable } = {}) {
      await rowsOf(sql.delete(id, ...asked(durable)), signal);
    },

    async list(partition, { signal, limit = 100, cursor } = {}) {
      const after = placeOf(cursor);
      // One row more than the page tells whether there is a next one.
      const found = (await rowsOf(sql.list(partition, after.createdAt, after.id, limit + 1), signal)).map(toSession);
      return pageOf(found, limit);
    },

    async endAll(partition, { writeId, expiresAt, body }, { signal, durable, except } = {}) {
      const [[notBefore] = [], ...ended] = await rowsOf(sql.endAll(partition, writeId, expiresAt, body, except ?? null, ...asked(durable)), signal);
      return { notBefore: Number(notBefore), ended: ended.map(([, id]) => id as SessionId) };
    },

    async sweep(now, limit = 1000, { signal } = {}) {
      await rowsOf(sql.sweepMarks(now - MARKS_KEPT, limit), signal);
      const [[count] = []] = await rowsOf(sql.sweep(now, limit), signal);
      return Number(count);
    },
  };
}

/** In the order of the function's parameters. */
const argumentsOf = ({ id, revision, writeId, createdAt, seenAt, expiresAt, body }: StoredSession, { began, limit, replaces }: CreateGuard): PostgresValue[] => [
  id, partitionOf(id), revision, writeId, createdAt, seenAt, expiresAt, body,
  began, limit?.max ?? null, limit?.whenFull === "evict-oldest",
  ...stoneOf(limit),
  replaces?.id ?? null,
  ...stoneOf(replaces),
];

const stoneOf = (ending: { readonly tombstone: Tombstone } | undefined): PostgresValue[] =>
  ending === undefined ? [null, null, null] : [ending.tombstone.writeId, ending.tombstone.expiresAt, ending.tombstone.body];

/** The first row is the outcome, each further one a session that had to go. */
function toResult([first, ...evicted]: readonly (readonly unknown[])[]): CreateResult {
  return { outcome: first?.[0] as CreateResult["outcome"], evicted: evicted.map(([, id]) => id as SessionId) };
}
