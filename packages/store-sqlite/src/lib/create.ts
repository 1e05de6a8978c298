import type { CreateGuard, CreateResult, StoredSession } from "@holdfast/session-core/store";
import { idsOf, partitionOf } from "./rows.ts";
import type { Statements } from "./statements.ts";

/** Runs inside one write transaction, so nothing can come between the checks and the insert. */
export function createGuarded(sql: Statements, row: StoredSession, guard: CreateGuard, now: number): CreateResult {
  const partition = partitionOf(row.id);
  if (sql.read.get(row.id, now)) return { outcome: "exists", evicted: [] };
  if (sql.isRevoked.get(partition, guard.began)) return { outcome: "revoked", evicted: [] };
  let evicted: CreateResult["evicted"] = [];
  if (guard.limit !== undefined) {
    const { max, whenFull, tombstone } = guard.limit;
    const { live } = sql.countOfSubject.get(partition, now) as { readonly live: number };
    const excess = live + 1 - max;
    if (excess > 0 && whenFull === "reject") return { outcome: "full", evicted: [] };
    if (excess > 0) {
      const { writeId, expiresAt, body } = tombstone;
      evicted = idsOf(sql.endOldest.all(writeId, expiresAt, body, partition, now, excess));
    }
  }
  insert(sql, row, partition, now);
  return { outcome: "created", evicted };
}

export function insert(sql: Statements, row: StoredSession, partition: string | null, now: number): boolean {
  const { id, revision, writeId, createdAt, seenAt, expiresAt, body } = row;
  return changed(sql.create.run(id, revision, writeId, createdAt, seenAt, expiresAt, body, partition, now).changes);
}

export const changed = (changes: number | bigint): boolean => Number(changes) > 0;
