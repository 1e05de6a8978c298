import type { SessionId, StoredSession } from "@holdfast/session-core/store";

/** The columns are NOT NULL. A driver gives a bigint as text, unless it was told to give a number or a BigInt. */
export function toSession([id, revision, writeId, createdAt, seenAt, expiresAt, body]: readonly unknown[]): StoredSession {
  return {
    id: id as SessionId,
    revision: Number(revision),
    writeId: writeId as string,
    createdAt: Number(createdAt),
    seenAt: Number(seenAt),
    expiresAt: Number(expiresAt),
    body: body as string,
  };
}
