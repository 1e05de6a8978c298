import { MARKS_KEPT } from "@holdfast/session-core/store-kit";
import { ROW } from "../row.ts";
import type { Names } from "./schema.ts";

/** Milliseconds since 1970 by the primary's clock, the same all through a statement. */
const NOW = "CAST(round(unixepoch('subsec') * 1000) AS INTEGER)";
const LIVE = `ended = 0 AND expires_at > ${NOW}`;

/** The text of every statement of the store. */
export function statementsOf({ sessions, marks }: Names) {
  const insert = (row: string): string => `
    INSERT INTO ${sessions} (id, revision, write_id, created_at, seen_at, expires_at, due_at, body, partition, attempt) ${row}
    ON CONFLICT (id) DO UPDATE SET
      revision = excluded.revision, write_id = excluded.write_id, created_at = excluded.created_at, seen_at = excluded.seen_at, expires_at = excluded.expires_at,
      due_at = excluded.due_at, body = excluded.body, partition = excluded.partition, attempt = excluded.attempt, ended = 0
    WHERE ${sessions}.expires_at <= ${NOW}
    RETURNING 1`;
  const ended = (place: number): string => `ended = 1, partition = NULL, write_id = ?${place}, expires_at = ?${place + 1}, due_at = ?${place + 1}, body = ?${place + 2}`;
  /** Whether this very sign-in made its row: ids and attempts are ?1 and ?2. */
  const created = `EXISTS (SELECT 1 FROM ${sessions} WHERE id = ?1 AND attempt = ?2)`;
  /** What a sweeper asks for, but nothing that lives by the engine's clock: its own may be ahead. */
  const until = (kept: number): string => `min(?1, ${NOW} - ${kept})`;
  /** At most ?2 rows that are due by then and of which this holds. */
  const due = (which: string): string => `id IN (SELECT id FROM ${sessions} WHERE due_at <= ${until(0)} AND ${which} ORDER BY due_at LIMIT ?2)`;
  return {
    read: `SELECT ${ROW} FROM ${sessions} WHERE id = ?1 AND expires_at > ${NOW}`,

    /** The conflict clause replaces only what has expired: such a row is absent, only not yet swept. */
    create: insert("VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6, ?7, NULL, NULL)"),

    /** ?11 is the limit where a new session is refused at it, ?12 the one that is not counted. */
    signIn: insert(`SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?6, ?7, ?8, ?9
    WHERE NOT EXISTS (SELECT 1 FROM ${marks} WHERE partition = ?8 AND not_before >= ?10)
      AND (?11 IS NULL OR ?11 > (SELECT count(*) FROM ${sessions} WHERE partition = ?8 AND expires_at > ${NOW} AND id <> ?12))`),

    replace: `UPDATE ${sessions} SET ${ended(3)} WHERE id = ?6 AND ${LIVE} AND ${created}`,

    /** After the new one is in and the one that it replaces is not: the oldest of what is more than ?7. */
    evict: `UPDATE ${sessions} SET ${ended(3)}
      WHERE ${created} AND id IN (
        SELECT id FROM ${sessions} WHERE partition = ?6 AND expires_at > ${NOW} AND id <> ?1 ORDER BY created_at, id
        LIMIT max(0, (SELECT count(*) FROM ${sessions} WHERE partition = ?6 AND expires_at > ${NOW}) - ?7))
      RETURNING id`,

    /** Why a sign-in made no row. */
    refusal: `SELECT CASE
      WHEN EXISTS (SELECT 1 FROM ${sessions} WHERE id = ?1 AND expires_at > ${NOW}) THEN 'exists'
      WHEN EXISTS (SELECT 1 FROM ${marks} WHERE partition = ?2 AND not_before >= ?3) THEN 'revoked'
      ELSE 'full' END AS outcome`,

    update: `UPDATE ${sessions} SET revision = ?3, write_id = ?4, seen_at = max(seen_at, ?5), expires_at = max(expires_at, ?6), body = ?7
      WHERE id = ?1 AND revision = ?2 AND ${LIVE}`,

    touch: `UPDATE ${sessions} SET seen_at = max(seen_at, ?2), expires_at = max(expires_at, ?3) WHERE id = ?1 AND ${LIVE}`,

    end: `UPDATE ${sessions} SET ${ended(3)} WHERE id = ?1 AND revision = coalesce(?2, revision) AND ${LIVE}`,

    /** Tells `conflict` from `missing` after an update or end that changed nothing. */
    isLive: `SELECT 1 FROM ${sessions} WHERE id = ?1 AND ${LIVE}`,

    delete: `DELETE FROM ${sessions} WHERE id = ?1`,

    list: `SELECT ${ROW} FROM ${sessions} WHERE partition = ?1 AND (created_at, id) < (?2, ?3) AND expires_at > ${NOW} ORDER BY created_at DESC, id DESC LIMIT ?4`,

    endAll: `UPDATE ${sessions} SET ${ended(3)} WHERE partition = ?1 AND expires_at > ${NOW} AND id <> ?2 RETURNING id`,

    mark: `INSERT INTO ${marks} (partition, not_before) VALUES (?1, ${NOW})
      ON CONFLICT (partition) DO UPDATE SET not_before = max(not_before, excluded.not_before)
      RETURNING not_before AS notBefore`,

    sweep: `DELETE FROM ${sessions} WHERE ${due(`expires_at <= ${until(0)}`)}`,

    /** What was used since it was due is due again when it expires. */
    postpone: `UPDATE ${sessions} SET due_at = expires_at WHERE ${due(`expires_at > ${until(0)}`)}`,

    sweepMarks: `DELETE FROM ${marks} WHERE partition IN (SELECT partition FROM ${marks} WHERE not_before <= ${until(MARKS_KEPT)} ORDER BY not_before LIMIT ?2)`,
  };
}
