import type { CreateGuard, CreateResult, ListPage, SessionId, StoredSession, Tombstone } from "@holdfast/session-core/store";
import { MARKS_KEPT, pageOf, placeOf } from "@holdfast/session-core/store-kit";
import { ROW } from "../row.ts";
import { createRow } from "./create-row.ts";
import type { ObjectStorage, SqlValue } from "./state.ts";

/**
 * No index beside the key, because each would be one more row written per write, and an object has the sessions of one subject only.
 * `state`: 0 is live, 1 is live and has a subject, 2 is ended.
 */
const SCHEMA = `
  CREATE TABLE IF NOT EXISTS sessions (
    id TEXT NOT NULL PRIMARY KEY, state INTEGER NOT NULL, revision INTEGER NOT NULL, write_id TEXT NOT NULL,
    created_at INTEGER NOT NULL, seen_at INTEGER NOT NULL, expires_at INTEGER NOT NULL, body TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS mark (one INTEGER NOT NULL PRIMARY KEY CHECK (one = 1), not_before INTEGER NOT NULL) STRICT`;
const LIVE = "state < 2 AND expires_at > ?";
/** Removed at once: what takes longer keeps requests waiting. */
const SWEPT = 1000;

/** What one object keeps: the rows of one partition. All of it is synchronous, so nothing comes in between. */
export class SubjectRows {
  readonly #storage: ObjectStorage;
  /** An object that nobody has written to stays without tables, or asking for an unknown id would leave one behind for ever. */
  #made: boolean;

  constructor(storage: ObjectStorage) {
    this.#storage = storage;
    this.#made = this.#all("SELECT 1 FROM sqlite_master WHERE name = 'mark'").length > 0;
  }

  read(id: SessionId, now: number): StoredSession | null {
    return (this.#made && this.#first<StoredSession>(`SELECT ${ROW} FROM sessions WHERE id = ? AND expires_at > ?`, id, now)) || null;
  }

  create(row: StoredSession, guard: CreateGuard | undefined, now: number): CreateResult {
    return this.#transaction(() => createRow((query, ...values) => this.#all(query, ...values), row, guard, now));
  }

  update(row: StoredSession, expectedRevision: number, now: number): "updated" | "missing" | "conflict" {
    const { id, revision, writeId, seenAt, expiresAt, body } = row;
    const done = this.#changed(
      `UPDATE sessions SET revision = ?, write_id = ?, seen_at = max(seen_at, ?), expires_at = max(expires_at, ?), body = ? WHERE id = ? AND revision = ? AND ${LIVE}`,
      revision, writeId, seenAt, expiresAt, body, id, expectedRevision, now,
    );
    return done ? "updated" : this.#isLive(id, now) ? "conflict" : "missing";
  }

  touch(id: SessionId, seenAt: number, expiresAt: number, now: number): "touched" | "missing" {
    const done = this.#changed(`UPDATE sessions SET seen_at = max(seen_at, ?), expires_at = max(expires_at, ?) WHERE id = ? AND ${LIVE}`, seenAt, expiresAt, id, now);
    return done ? "touched" : "missing";
  }

  end(id: SessionId, { writeId, expiresAt, body }: Tombstone, ifRevision: number | undefined, now: number): "ended" | "missing" | "conflict" {
    const done = this.#changed(
      `UPDATE sessions SET state = 2, write_id = ?, expires_at = ?, body = ? WHERE id = ? AND revision = coalesce(?, revision) AND ${LIVE}`,
      writeId, expiresAt, body, id, ifRevision ?? null, now,
    );
    if (done) return "ended";
    return ifRevision !== undefined && this.#isLive(id, now) ? "conflict" : "missing";
  }

  delete(id: SessionId): void {
    this.#changed("DELETE FROM sessions WHERE id = ?", id);
  }

  list(limit: number, cursor: string | undefined, now: number): ListPage {
    if (!this.#made) return { rows: [] };
    const after = placeOf(cursor);
    const found = this.#all(
      `SELECT ${ROW} FROM sessions WHERE state = 1 AND (created_at, id) < (?, ?) AND expires_at > ? ORDER BY created_at DESC, id DESC LIMIT ?`,
      after.createdAt, after.id, now, limit + 1,
    );
    return pageOf(found as StoredSession[], limit);
  }

  endAll({ writeId, expiresAt, body }: Tombstone, except: SessionId | undefined, now: number): { readonly notBefore: number; readonly ended: SessionId[] } {
    return this.#transaction(() => {
      const ended = this.#all("UPDATE sessions SET state = 2, write_id = ?, expires_at = ?, body = ? WHERE state = 1 AND expires_at > ? AND id <> ? RETURNING id", writeId, expiresAt, body, now, except ?? "");
      const mark = this.#first<{ readonly notBefore: number }>("INSERT INTO mark VALUES (1, ?) ON CONFLICT DO UPDATE SET not_before = max(not_before, excluded.not_before) RETURNING not_before AS notBefore", now);
      return { notBefore: mark?.notBefore ?? now, ended: ended.map((row) => (row as StoredSession).id) };
    });
  }

  /** Removes what has expired, and says when there will be more of it: `null` when nothing is left. */
  sweep(now: number): number | null {
    if (!this.#made) return null;
    this.#all(`DELETE FROM sessions WHERE id IN (SELECT id FROM sessions WHERE expires_at <= ? LIMIT ${SWEPT})`, now);
    this.#all("DELETE FROM mark WHERE not_before <= ?", now - MARKS_KEPT);
    const left = this.#first<{ readonly next: number | null }>("SELECT min(at) AS next FROM (SELECT min(expires_at) AS at FROM sessions UNION ALL SELECT not_before + ? FROM mark)", MARKS_KEPT);
    return left?.next ?? null;
  }

  /** Gives the whole storage back. */
  async clear(): Promise<void> {
    this.#made = false;
    await this.#storage.deleteAll();
  }

  #transaction<T>(work: () => T): T {
    return this.#storage.transactionSync(() => {
      if (!this.#made) this.#all(SCHEMA);
      const result = work();
      this.#made = true;
      return result;
    });
  }

  #changed(query: string, ...values: SqlValue[]): boolean {
    return this.#made && this.#all(`${query} RETURNING 1`, ...values).length > 0;
  }

  #isLive(id: SessionId, now: number): boolean {
    return this.#made && this.#all(`SELECT 1 FROM sessions WHERE id = ? AND ${LIVE}`, id, now).length > 0;
  }

  #first<Row>(query: string, ...values: SqlValue[]): Row | undefined {
    return this.#all(query, ...values)[0] as Row | undefined;
  }

  #all(query: string, ...values: SqlValue[]): unknown[] {
    return this.#storage.sql.exec(query, ...values).toArray();
  }
}
