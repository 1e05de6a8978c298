import { MARKS_KEPT } from "@holdfast/session-core/store-kit";
import type { PostgresStatement, PostgresValue } from "./driver.ts";
import { insertInto, millis, type Names } from "./schema.ts";

/** The columns of a row, in the order in which `toSession` takes them. */
const ROW = "id, revision, write_id, created_at, seen_at, expires_at, body";
/** Not ended, and not expired by the server's clock at the begin of the statement. */
const LIVE = `NOT ended AND expires_at > ${millis("now()")}`;

/** What a sweeper asks for, but nothing that lives by this server's clock: its own may be ahead. */
const until = (kept: number): string => `least($1::bigint, ${millis("now()")} - ${kept})`;

/**
 * Every statement of the store. The names are told apart by table and by this, for stores that share a pool. Where writes are `replicated`, each takes one
 * value more at the end: whether it waits for the standby, which the server is told before it commits.
 */
export function statementsOf({ table, sessions, marks, create, endAll, commit }: Names, replicated: boolean) {
  const written = (place: number): string => (replicated ? `${commit}($${place})` : "true");
  const statement = (verb: string, text: string) => {
    const name = `holdfast ${verb} ${table}${replicated ? "+" : ""}`;
    return (...values: readonly PostgresValue[]): PostgresStatement => ({ name, text, values });
  };
  return {
    read: statement("read", `SELECT ${ROW} FROM ${sessions} WHERE id = $1 AND expires_at > ${millis("now()")}`),

    create: statement("create", `${insertInto(sessions, ["$1", "$2", "$3", "$4", "$5", "$6", "$7", "NULL"], millis("now()"))} RETURNING ${written(8)}`),

    createGuarded: statement(
      "sign-in",
      `SELECT outcome, evicted FROM ${create}($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18) WHERE ${written(19)}`,
    ),

    update: statement(
      "update",
      `UPDATE ${sessions} SET revision = $3, write_id = $4, seen_at = greatest(seen_at, $5), expires_at = greatest(expires_at, $6), body = $7
      WHERE id = $1 AND revision = $2 AND ${LIVE} RETURNING ${written(8)}`,
    ),

    touch: statement(
      "touch",
      `UPDATE ${sessions} SET seen_at = greatest(seen_at, $2), expires_at = greatest(expires_at, $3) WHERE id = $1 AND ${LIVE} RETURNING ${written(4)}`,
    ),

    end: statement(
      "end",
      `UPDATE ${sessions} SET ended = true, partition = NULL, write_id = $2, expires_at = $3, body = $4
      WHERE id = $1 AND revision = coalesce($5, revision) AND ${LIVE} RETURNING ${written(6)}`,
    ),

    /** Tells `conflict` from `missing` after an update or end that changed nothing. */
    isLive: statement("is live", `SELECT 1 FROM ${sessions} WHERE id = $1 AND ${LIVE}`),

    delete: statement("delete", `DELETE FROM ${sessions} WHERE id = $1 RETURNING ${written(2)}`),

    list: statement(
      "list",
      `SELECT ${ROW} FROM ${sessions} WHERE partition = $1 AND (created_at, id) < ($2, $3) AND ${LIVE} ORDER BY created_at DESC, id DESC LIMIT $4`,
    ),

    endAll: statement("end all", `SELECT since, ended_id FROM ${endAll}($1, $2, $3, $4, $5) WHERE ${written(6)}`),

    sweep: statement(
      "sweep",
      `WITH gone AS (${deletion(sessions, `expires_slot <= (${until(0)} >> 20)::integer AND expires_at <= ${until(0)} ORDER BY expires_slot`)} RETURNING 1)
      SELECT count(*) FROM gone`,
    ),

    sweepMarks: statement("sweep marks", deletion(marks, `not_before <= ${until(MARKS_KEPT)} ORDER BY not_before`)),
  };
}

/**
 * At most `$2` rows, by their place in the table: no plan can make a scan of it. What another sweeper has in hand is skipped, so that several
 * share the work and none waits.
 */
const deletion = (table: string, which: string): string =>
  `DELETE FROM ${table} WHERE ctid = ANY (ARRAY (SELECT ctid FROM ${table} WHERE ${which} LIMIT $2 FOR UPDATE SKIP LOCKED))`;
