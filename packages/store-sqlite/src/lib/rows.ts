import type { Partition, SessionId, StoredSession } from "@holdfast/session-core/store";

export const partitionOf = (id: SessionId): Partition => id.slice(0, 12) as string as Partition;

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

/** The place after which a page begins. The first page begins before everything; what is no cursor, after everything. */
export function placeOf(cursor: string | undefined): { readonly createdAt: number; readonly id: string } {
  if (cursor === undefined) return { createdAt: Number.MAX_SAFE_INTEGER, id: "" };
  const [, createdAt, id] = /^(\d{1,15})\.(.+)$/s.exec(cursor) ?? [];
  return { createdAt: createdAt === undefined ? -1 : Number(createdAt), id: id ?? "" };
}

export const cursorOf = ({ createdAt, id }: StoredSession): string => `${createdAt}.${id}`;
