import { HoldfastError } from "@holdfast/session-core/store";

export interface D1StoreOptions {
  /** Default `holdfast_sessions`. A second table, `<table>_marks`, remembers for 400 days whose sessions were all ended. */
  readonly table?: string;
}

const IDENTIFIER = /^(?!sqlite_|_cf_)[a-z_][a-z0-9_]{0,54}$/i;

/** Quoted names. They are the only part of any statement that is no bound parameter. */
export interface Names {
  readonly sessions: string;
  readonly marks: string;
  readonly index: (suffix: string) => string;
}

export function namesOf({ table = "holdfast_sessions" }: D1StoreOptions): Names {
  if (!IDENTIFIER.test(table)) {
    throw new HoldfastError("config", "table: must be 1 to 55 ASCII letters, digits and underscores, not begin with a digit, and not with sqlite_ or _cf_.", { option: "table" });
  }
  return { sessions: `"${table}"`, marks: `"${table}_marks"`, index: (suffix) => `"${table}_${suffix}"` };
}

/**
 * The statements that make the tables, safe to repeat: for a migration, or for `batch`.
 *
 * - D1 bills rows written, and an entry of an index is one. WITHOUT ROWID saves that of the primary key.
 * - `partition` is set exactly while the row is live and has a subject, so the partial index is the subject index and nothing else.
 * - `due_at` is when the sweeper looks at the row: never later than `expires_at`, and left behind by touches and updates, so that they write no index.
 * - `attempt` tells the later statements of a sign-in whether it was that one which made the row.
 * @throws HoldfastError `config` for a wrong option.
 */
export function d1Schema(options: D1StoreOptions = {}): readonly string[] {
  const { sessions, marks, index } = namesOf(options);
  return [
    `CREATE TABLE IF NOT EXISTS ${sessions} (
  id          TEXT    NOT NULL PRIMARY KEY,
  partition   TEXT,
  ended       INTEGER NOT NULL DEFAULT 0,
  attempt     INTEGER,
  revision    INTEGER NOT NULL,
  write_id    TEXT    NOT NULL,
  created_at  INTEGER NOT NULL,
  seen_at     INTEGER NOT NULL,
  expires_at  INTEGER NOT NULL,
  due_at      INTEGER NOT NULL,
  body        TEXT    NOT NULL
) STRICT, WITHOUT ROWID`,
    `CREATE INDEX IF NOT EXISTS ${index("by_subject")} ON ${sessions} (partition, created_at, id) WHERE partition IS NOT NULL`,
    `CREATE INDEX IF NOT EXISTS ${index("by_due")} ON ${sessions} (due_at)`,
    `CREATE TABLE IF NOT EXISTS ${marks} (
  partition   TEXT    NOT NULL PRIMARY KEY,
  not_before  INTEGER NOT NULL
) STRICT, WITHOUT ROWID`,
    `CREATE INDEX IF NOT EXISTS ${index("marks_by_age")} ON ${marks} (not_before)`,
  ];
}
