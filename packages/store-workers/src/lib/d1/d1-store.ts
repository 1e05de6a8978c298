import type { CreateGuard, IndexedStore, SessionId, StoredSession } from "@holdfast/session-core/store";
import { heed, MARKS_KEPT, pageOf, partitionOf, placeOf } from "@holdfast/session-core/store-kit";
import type { D1Database, D1Result, D1Session, D1Statement, D1Value } from "./driver.ts";
import { type D1StoreOptions, namesOf } from "./schema.ts";
import { statementsOf } from "./statements.ts";

type Prepare = (sql: string, ...values: D1Value[]) => D1Statement;

/**
 * Sessions in one D1 database, all of them read and written at its primary: each verb is one query or one `batch`, so one round trip and one transaction.
 * The tables must be there: see `d1Schema`. The primary's clock decides about expiry and stamps `notBefore`. Faults of D1 reject as they are.
 * @throws HoldfastError `config` for a wrong option.
 */
export function createD1Store(database: D1Database, options: D1StoreOptions = {}): IndexedStore {
  const sql = statementsOf(namesOf(options));

  /** A session of D1 for this call alone, because only its first query is sure to see the primary. */
  const at = async <T>(signal: AbortSignal | undefined, work: (prepare: Prepare, session: D1Session) => Promise<T>): Promise<T> => {
    signal?.throwIfAborted();
    const session = database.withSession("first-primary");
    return heed(signal, work((text, ...values) => session.prepare(text).bind(...values), session));
  };
  const query = (signal: AbortSignal | undefined, text: string, ...values: D1Value[]): Promise<D1Result> => at(signal, (prepare) => prepare(text, ...values).all());
  const batch = (signal: AbortSignal | undefined, statements: (prepare: Prepare) => D1Statement[]): Promise<readonly D1Result[]> =>
    at(signal, (prepare, session) => session.batch(statements(prepare)));

  return {
    capabilities: { index: true, clock: "engine", durability: "replicated", evicts: false },

    async read(id, { signal } = {}) {
      return ((await query(signal, sql.read, id)).results[0] as StoredSession | undefined) ?? null;
    },

    async create(row, guard, { signal } = {}) {
      const values = [row.id, row.revision, row.writeId, row.createdAt, row.seenAt, row.expiresAt, row.body];
      if (guard === undefined) {
        const { results } = await query(signal, sql.create, ...values);
        return { outcome: results.length > 0 ? "created" : "exists", evicted: [] };
      }
      const { replaces, limit } = guard;
      const partition = partitionOf(row.id);
      const attempt = newAttempt();
      const [made, refusal, ...others] = await batch(signal, (prepare) => [
        prepare(sql.signIn, ...values, partition, attempt, guard.began, refusedAt(guard), replaces?.id ?? ""),
        prepare(sql.refusal, row.id, partition, guard.began),
        ...(replaces ? [prepare(sql.replace, row.id, attempt, ...stoneOf(replaces), replaces.id)] : []),
        ...(limit?.whenFull === "evict-oldest" ? [prepare(sql.evict, row.id, attempt, ...stoneOf(limit), partition, limit.max)] : []),
      ]);
      if (!made?.results.length) return { outcome: firstOf<{ readonly outcome: "exists" | "revoked" | "full" }>(refusal).outcome, evicted: [] };
      return { outcome: "created", evicted: limit?.whenFull === "evict-oldest" ? idsOf(others.at(-1)) : [] };
    },

    async update({ id, revision, writeId, seenAt, expiresAt, body }, expectedRevision, { signal } = {}) {
      const [done, live] = await batch(signal, (prepare) => [prepare(sql.update, id, expectedRevision, revision, writeId, seenAt, expiresAt, body), prepare(sql.isLive, id)]);
      return changed(done) ? "updated" : live?.results.length ? "conflict" : "missing";
    },

    async touch(id, seenAt, expiresAt, { signal } = {}) {
      return changed(await query(signal, sql.touch, id, seenAt, expiresAt)) ? "touched" : "missing";
    },

    async end(id, tombstone, { signal, ifRevision } = {}) {
      const [done, live] = await batch(signal, (prepare) => [prepare(sql.end, id, ifRevision ?? null, ...stoneOf({ tombstone })), prepare(sql.isLive, id)]);
      return changed(done) ? "ended" : live?.results.length ? "conflict" : "missing";
    },

    async delete(id, { signal } = {}) {
      await query(signal, sql.delete, id);
    },

    async list(partition, { signal, limit = 100, cursor } = {}) {
      const after = placeOf(cursor);
      const { results } = await query(signal, sql.list, partition, after.createdAt, after.id, limit + 1);
      return pageOf(results as StoredSession[], limit);
    },

    async endAll(partition, tombstone, { signal, except } = {}) {
      const [ended, mark] = await batch(signal, (prepare) => [prepare(sql.endAll, partition, except ?? "", ...stoneOf({ tombstone })), prepare(sql.mark, partition)]);
      return { notBefore: firstOf<{ readonly notBefore: number }>(mark).notBefore, ended: idsOf(ended) };
    },

    async sweep(now, limit = 1000, { signal } = {}) {
      const [swept] = await batch(signal, (prepare) => [
        prepare(sql.sweep, now, limit),
        prepare(sql.postpone, now, limit),
        prepare(sql.sweepMarks, now - MARKS_KEPT, limit),
      ]);
      return swept?.meta.changes ?? 0;
    },
  };
}

const stoneOf = ({ tombstone }: Pick<NonNullable<CreateGuard["replaces"]>, "tombstone">): D1Value[] => [tombstone.writeId, tombstone.expiresAt, tombstone.body];

const refusedAt = ({ limit }: CreateGuard): number | null => (limit?.whenFull === "reject" ? limit.max : null);

const changed = (result: D1Result | undefined): boolean => (result?.meta.changes ?? 0) > 0;

/** Of a statement that always gives a row. */
const firstOf = <Row>(result: D1Result | undefined): Row => result?.results[0] as Row;

const idsOf = (result: D1Result | undefined): SessionId[] => (result?.results ?? []).map((row) => (row as { readonly id: SessionId }).id);

/** Tells two attempts to make one row apart. */
const newAttempt = (): number => crypto.getRandomValues(new Uint32Array(1))[0] ?? 0;
