import type { SqliteDatabase, SqliteStatement } from "./driver.ts";
import { tablesOf } from "./schema.ts";

const ROW = "id, revision, write_id, created_at, seen_at, expires_at, body";

/** Every statement of the store, prepared once. "Live" is spelled out in each: not ended, and not expired by the caller's clock. */
export function prepareStatements(db: SqliteDatabase, table: string) {
  const { sessions, marks } = tablesOf(table);
  const prepare = (sql: string): SqliteStatement => db.prepare(sql);
  return {
    read: prepare(`SELECT ${ROW} FROM ${sessions} WHERE id = ? AND expires_at > ?`),

    /** The conflict clause replaces only what has expired: such a row is absent, only not yet swept. */
    create: prepare(`
      INSERT INTO ${sessions} (${ROW}, partition) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
      ON CONFLICT (id) DO UPDATE SET
        revision = excluded.revision, write_id = excluded.write_id, created_at = excluded.created_at, seen_at = excluded.seen_at,
        expires_at = excluded.expires_at, body = excluded.body, partition = excluded.partition, ended = 0
      WHERE ${sessions}.expires_at <= ?`),

    update: prepare(`
      UPDATE ${sessions} SET revision = ?, write_id = ?, seen_at = max(seen_at, ?), expires_at = max(expires_at, ?), body = ?
      WHERE id = ? AND revision = ? AND ended = 0 AND expires_at > ?`),

    touch: prepare(`
      UPDATE ${sessions} SET seen_at = max(seen_at, ?), expires_at = max(expires_at, ?)
      WHERE id = ? AND ended = 0 AND expires_at > ?`),

    end: prepare(`
      UPDATE ${sessions} SET ended = 1, partition = NULL, write_id = ?, expires_at = ?, body = ?
      WHERE id = ? AND revision = coalesce(?, revision) AND ended = 0 AND expires_at > ?`),

    /** Tells `conflict` from `missing` after an update or end that changed nothing. */
    isLive: prepare(`SELECT 1 FROM ${sessions} WHERE id = ? AND ended = 0 AND expires_at > ?`),

    delete: prepare(`DELETE FROM ${sessions} WHERE id = ?`),

    list: prepare(`
      SELECT ${ROW} FROM ${sessions} WHERE partition = ? AND (created_at, id) < (?, ?) AND expires_at > ?
      ORDER BY created_at DESC, id DESC LIMIT ?`),

    countOfSubject: prepare(`SELECT count(*) AS live FROM ${sessions} WHERE partition = ? AND expires_at > ? AND id <> ?`),

    endOldest: prepare(`
      UPDATE ${sessions} SET ended = 1, partition = NULL, write_id = ?, expires_at = ?, body = ?
      WHERE id IN (SELECT id FROM ${sessions} WHERE partition = ? AND expires_at > ? ORDER BY created_at, id LIMIT ?)
      RETURNING id`),

    endAll: prepare(`
      UPDATE ${sessions} SET ended = 1, partition = NULL, write_id = ?, expires_at = ?, body = ?
      WHERE partition = ? AND expires_at > ? AND id <> ?
      RETURNING id`),

    mark: prepare(`
      INSERT INTO ${marks} (partition, not_before) VALUES (?, ?)
      ON CONFLICT (partition) DO UPDATE SET not_before = max(not_before, excluded.not_before)
      RETURNING not_before`),

    isRevoked: prepare(`SELECT 1 FROM ${marks} WHERE partition = ? AND not_before >= ?`),

    sweep: prepare(`
      DELETE FROM ${sessions}
      WHERE id IN (SELECT id FROM ${sessions} WHERE expires_at <= ? ORDER BY expires_at LIMIT ?)`),

    sweepMarks: prepare(`
      DELETE FROM ${marks}
      WHERE partition IN (SELECT partition FROM ${marks} WHERE not_before <= ? ORDER BY not_before LIMIT ?)`),
  };
}

export type Statements = ReturnType<typeof prepareStatements>;
