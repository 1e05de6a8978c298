/** What this store binds: text, milliseconds, counts, or nothing. */
export type SqliteValue = string | number | null;

export interface SqliteStatement {
  /** The first row, or `undefined` or `null` when there is none. */
  get(...values: SqliteValue[]): unknown;
  all(...values: SqliteValue[]): unknown[];
  run(...values: SqliteValue[]): { readonly changes: number | bigint };
}

/**
 * The smallest synchronous driver: `DatabaseSync` of node:sqlite, `Database` of better-sqlite3, bun:sqlite and libsql are all of this shape.
 * Give the store a connection of its own: its transactions cannot start inside one of yours.
 */
export interface SqliteDatabase {
  exec(sql: string): unknown;
  prepare(sql: string): SqliteStatement;
}
