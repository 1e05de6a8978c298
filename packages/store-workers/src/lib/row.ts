/** The columns of a row under the names of `StoredSession`, so that what the engine answers is one. */
export const ROW = "id, revision, write_id AS writeId, created_at AS createdAt, seen_at AS seenAt, expires_at AS expiresAt, body";
