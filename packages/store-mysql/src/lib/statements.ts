import { MARKS_KEPT } from "@holdfast/session-core/store-kit";
import type { MysqlStatement, MysqlValue } from "./driver.ts";
import { MILLIS, type Names } from "./schema.ts";

/** The columns of a row, in the order in which `toSession` takes them. */
const ROW = "id, revision, write_id, created_at, seen_at, expires_at, body";
/** Not ended, and not expired by the server's clock at the begin of the statement. */
const LIVE = `ended = 0 AND expires_at > ${MILLIS}`;

/** What a sweeper asks for, but nothing that lives by this server's clock: its own may be ahead. */
const until = (kept: number): string => `LEAST(?, ${MILLIS} - ${kept})`;

/** Every statement of the store. */
export function statementsOf({ sessions, create, endAll, sweep, sweepMarks }: Names) {
  const statement =
    (text: string) =>
    (...values: readonly MysqlValue[]): MysqlStatement => ({ text, values });
  const call = (procedure: string, count: number) => statement(`CALL ${procedure}(${Array(count).fill("?").join(", ")})`);
  return {
    read: statement(`SELECT ${ROW} FROM ${sessions} WHERE id = ? AND expires_at > ${MILLIS}`),

    create: statement(`INSERT INTO ${sessions} (${ROW}) VALUES (?, ?, ?, ?, ?, ?, ?)`),

    /** What has expired is absent, only not yet swept. */
    deleteExpired: statement(`DELETE FROM ${sessions} WHERE id = ? AND expires_at <= ${MILLIS}`),

    createGuarded: call(create, 18),

    update: statement(
      `UPDATE ${sessions} SET revision = ?, write_id = ?, seen_at = GREATEST(seen_at, ?), expires_at = GREATEST(expires_at, ?), body = ? WHERE id = ? AND revision = ? AND ${LIVE}`,
    ),

    touch: statement(`UPDATE ${sessions} SET seen_at = GREATEST(seen_at, ?), expires_at = GREATEST(expires_at, ?) WHERE id = ? AND ${LIVE}`),

    end: statement(`UPDATE ${sessions} SET ended = 1, subject = NULL, write_id = ?, expires_at = ?, body = ? WHERE id = ? AND revision = COALESCE(?, revision) AND ${LIVE}`),

    /** Tells `conflict` from `missing` after a write that found nothing. */
    isLive: statement(`SELECT 1 FROM ${sessions} WHERE id = ? AND ${LIVE}`),

    delete: statement(`DELETE FROM ${sessions} WHERE id = ?`),

    /** Servers differ in what they take for a bound LIMIT, so this one number is part of the text. */
    list: (limit: number, ...values: readonly MysqlValue[]): MysqlStatement => ({
      text: `SELECT ${ROW} FROM ${sessions} WHERE subject = ? AND (created_at < ? OR (created_at = ? AND id < ?)) AND ${LIVE} ORDER BY created_at DESC, id DESC LIMIT ${wholeNumber(limit)}`,
      values,
    }),

    endAll: call(endAll, 5),

    sweep: statement(`CALL ${sweep}(${until(0)}, ?)`),

    /** Marks of the past, and rows that were only a lock. */
    sweepMarks: statement(`CALL ${sweepMarks}(${until(MARKS_KEPT)}, ?)`),
  };
}

function wholeNumber(limit: number): number {
  if (!Number.isSafeInteger(limit) || limit < 0) throw new RangeError("limit: must be a whole number.");
  return limit;
}
