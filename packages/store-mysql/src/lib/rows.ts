import type { SessionId, StoredSession } from "@holdfast/session-core/store";

export const idOf = (column: unknown): SessionId => String(column) as SessionId;

/** The columns are NOT NULL. Binary ones come as a Buffer, whose text is UTF-8; a large number may come as text. */
export function toSession([id, revision, writeId, createdAt, seenAt, expiresAt, body]: readonly unknown[]): StoredSession {
  return {
    id: idOf(id),
    revision: Number(revision),
    writeId: String(writeId),
    createdAt: Number(createdAt),
    seenAt: Number(seenAt),
    expiresAt: Number(expiresAt),
    body: String(body),
  };
}
