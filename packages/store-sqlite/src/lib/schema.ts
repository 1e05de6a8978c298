import { HoldfastError } from "@holdfast/session-core/store";

const IDENTIFIER = /^[A-Za-z_][A-Za-z0-9_]{0,54}$/;

/** Quoted names of the two tables. They are the only part of any statement that is no bound parameter. */
export interface Tables {
  readonly sessions: string;
  readonly marks: string;
  readonly index: (suffix: string) => string;
}

export function tablesOf(table: string): Tables {
  if (!IDENTIFIER.test(table) || /^sqlite_/i.test(table)) {
    throw new HoldfastError(
      "config",
      "table: must be 1 to 55 ASCII letters, digits and underscores, not begin with a digit, and not with sqlite_.",
      { option: "table" },
    );
  }
  return { sessions: `"${table}"`, marks: `"${table}_marks"`, index: (suffix) => `"${table}_${suffix}"` };
}

/**
 * The statements that make the tables, safe to repeat. `createSqliteStore` runs them itself; they are public for migrations and for review.
 *
 * The sessions keep their rowid: with bodies of some hundred bytes a WITHOUT ROWID table was 1.5 to 2 times slower for every write.
 * `partition` is set exactly while the row is live and has a subject, so the partial index is the subject index and nothing else.
 * @param table default `holdfast_sessions`.
 * @throws HoldfastError `config` for a table name that is no plain identifier.
 */
export function sqliteSchema(table = "holdfast_sessions"): string {
  const { sessions, marks, index } = tablesOf(table);
  return `
CREATE TABLE IF NOT EXISTS ${sessions} (
  id          TEXT    NOT NULL PRIMARY KEY,
  partition   TEXT,
  ended       INTEGER NOT NULL DEFAULT 0,
  revision    INTEGER NOT NULL,
  write_id    TEXT    NOT NULL,
  created_at  INTEGER NOT NULL,
  seen_at     INTEGER NOT NULL,
  expires_at  INTEGER NOT NULL,
  body        TEXT    NOT NULL
) STRICT;

CREATE INDEX IF NOT EXISTS ${index("by_subject")} ON ${sessions} (partition, created_at, id) WHERE partition IS NOT NULL;
CREATE INDEX IF NOT EXISTS ${index("by_expiry")} ON ${sessions} (expires_at);

CREATE TABLE IF NOT EXISTS ${marks} (
  partition   TEXT    NOT NULL PRIMARY KEY,
  not_before  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX IF NOT EXISTS ${index("marks_by_age")} ON ${marks} (not_before);
`;
}
