import type { SessionId, StoredSession } from "@holdfast/session-core/store";

/** A row as the driver gives it; libsql adds a field of its own, so the fields are picked by name. */
interface SqlRow {
  readonly id: string;
  readonly revision: number;
  readonly write_id: string;
  readonly created_at: number;
  readonly seen_at: number;
  readonly expires_at: number;
  readonly body: string;
}

/** The columns are STRICT and NOT NULL, so what comes out has these types. */
export function toSession(row: unknown): StoredSession {
  const { id, revision, write_id, created_at, seen_at, expires_at, body } = row as SqlRow;
  return {
    id: id as SessionId,
    revision,
    writeId: write_id,
    createdAt: created_at,
    seenAt: seen_at,
    expiresAt: expires_at,
    body,
  };
}

export const idsOf = (rows: readonly unknown[]): SessionId[] => rows.map((row) => (row as SqlRow).id as SessionId);
