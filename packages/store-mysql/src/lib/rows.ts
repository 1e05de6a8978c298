import type { Partition, SessionId, StoredSession } from "@holdfast/session-core/store";

export const partitionOf = (id: SessionId): Partition => id.slice(0, 12) as string as Partition;

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

/** The place after which a page begins. The first page begins before everything; what is no cursor, after everything. */
export function placeOf(cursor: string | undefined): { readonly createdAt: number; readonly id: string } {
  if (cursor === undefined) return { createdAt: Number.MAX_SAFE_INTEGER, id: "" };
  const [, createdAt, id] = /^(\d{1,15})\.(.+)$/s.exec(cursor) ?? [];
  return { createdAt: createdAt === undefined ? -1 : Number(createdAt), id: id ?? "" };
}

export const cursorOf = ({ createdAt, id }: StoredSession): string => `${createdAt}.${id}`;
