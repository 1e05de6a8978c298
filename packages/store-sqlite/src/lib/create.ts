import type { CreateGuard, CreateResult, StoredSession } from "@holdfast/session-core/store";
import { partitionOf } from "@holdfast/session-core/store-kit";
import { idsOf } from "./rows.ts";
import type { Statements } from "./statements.ts";

/** Runs inside one write transaction, so nothing can come between the checks and the insert. */
export function createGuarded(sql: Statements, row: StoredSession, guard: CreateGuard, now: number): CreateResult {
  const partition = partitionOf(row.id);
  if (sql.read.get(row.id, now)) return { outcome: "exists", evicted: [] };
  if (sql.isRevoked.get(partition, guard.began)) return { outcome: "revoked", evicted: [] };
  const { limit, replaces } = guard;
  let excess = 0;
  if (limit !== undefined) {
    const { live } = sql.countOfSubject.get(partition, now, replaces?.id ?? "") as { readonly live: number };
    excess = live + 1 - limit.max;
    if (excess > 0 && limit.whenFull === "reject") return { outcome: "full", evicted: [] };
  }
  if (replaces !== undefined) {
    const { writeId, expiresAt, body } = replaces.tombstone;
    sql.end.run(writeId, expiresAt, body, replaces.id, null, now);
  }
  let evicted: CreateResult["evicted"] = [];
  if (limit !== undefined && excess > 0) {
    const { writeId, expiresAt, body } = limit.tombstone;
    evicted = idsOf(sql.endOldest.all(writeId, expiresAt, body, partition, now, excess));
  }
  insert(sql, row, partition, now);
  return { outcome: "created", evicted };
}

export function insert(sql: Statements, row: StoredSession, partition: string | null, now: number): boolean {
  const { id, revision, writeId, createdAt, seenAt, expiresAt, body } = row;
  return changed(sql.create.run(id, revision, writeId, createdAt, seenAt, expiresAt, body, partition, now).changes);
}

export const changed = (changes: number | bigint): boolean => Number(changes) > 0;
