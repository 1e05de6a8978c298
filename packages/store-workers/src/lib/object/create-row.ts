import type { CreateGuard, CreateResult, SessionId, StoredSession, Tombstone } from "@holdfast/session-core/store";
import type { SqlValue } from "./state.ts";

type Run = (query: string, ...values: SqlValue[]) => unknown[];

/** Which rows become this tombstone. */
const bury = (run: Run, { writeId, expiresAt, body }: Tombstone, which: string, ...values: SqlValue[]): SessionId[] =>
  run(`UPDATE sessions SET state = 2, write_id = ?, expires_at = ?, body = ? WHERE ${which} RETURNING id`, writeId, expiresAt, body, ...values).map((row) => (row as StoredSession).id);

/** Counts, ends and inserts; runs inside one transaction. */
export function createRow(run: Run, row: StoredSession, guard: CreateGuard | undefined, now: number): CreateResult {
  const { id, revision, writeId, createdAt, seenAt, expiresAt, body } = row;
  const none = (outcome: CreateResult["outcome"]): CreateResult => ({ outcome, evicted: [] });
  if (run("SELECT 1 FROM sessions WHERE id = ? AND expires_at > ?", id, now).length > 0) return none("exists");
  if (guard && run("SELECT 1 FROM mark WHERE not_before >= ?", guard.began).length > 0) return none("revoked");
  const { limit, replaces } = guard ?? {};
  const live = limit ? run("SELECT id FROM sessions WHERE state = 1 AND expires_at > ? AND id <> ? ORDER BY created_at, id", now, replaces?.id ?? "") : [];
  const excess = limit ? live.length + 1 - limit.max : 0;
  if (excess > 0 && limit?.whenFull === "reject") return none("full");
  if (replaces) bury(run, replaces.tombstone, "id = ? AND state < 2 AND expires_at > ?", replaces.id, now);
  const evicted = live.slice(0, Math.max(0, excess)).flatMap((oldest) => (limit ? bury(run, limit.tombstone, "id = ?", (oldest as StoredSession).id) : []));
  // What is there has expired: such a row is absent, only not yet swept.
  run("INSERT OR REPLACE INTO sessions VALUES (?, ?, ?, ?, ?, ?, ?, ?)", id, guard ? 1 : 0, revision, writeId, createdAt, seenAt, expiresAt, body);
  return { outcome: "created", evicted };
}
