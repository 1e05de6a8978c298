/** What this store binds: text, milliseconds, counts, flags, or nothing. */
export type MysqlValue = string | number | boolean | null;

export interface MysqlStatement {
  readonly text: string;
  /** For each `?`. Text is bound as its UTF-8 bytes, whatever the character set of the connection. */
  readonly values: readonly MysqlValue[];
}

export interface MysqlResult {
  /** Each as a list of values; of a procedure those of all its results, one after the other. */
  readonly rows: readonly (readonly unknown[])[];
  /** How many rows a write has found. */
  readonly affected: number;
}

/**
 * The smallest driver: runs one prepared statement with autocommit. {@link mysqlPool} makes one. Faults reject as they are, with `errno`.
 *
 * Prepared by the server, because a text into which a client writes the values is as safe as its guess of the server's `sql_mode`.
 * When `signal` fires nobody waits any more; what was sent may still take effect.
 */
export type MysqlRun = (statement: MysqlStatement, signal?: AbortSignal) => Promise<MysqlResult>;
