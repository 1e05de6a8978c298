/** What this store binds: text, milliseconds, counts, flags, or nothing. */
export type PostgresValue = string | number | boolean | null;

export interface PostgresStatement {
  /** One name always means one text, so that a connection prepares it once. Absent for what runs once. */
  readonly name?: string;
  readonly text: string;
  /** For `$1`, `$2` and so on. Without any, `text` may be several statements, which PostgreSQL runs as one transaction. */
  readonly values: readonly PostgresValue[];
}

/**
 * The smallest driver: runs one statement as a transaction of its own and gives its rows, each as a list of values.
 * {@link pgPool} and {@link postgresJs} make one; write your own for another driver. Faults reject as they are, with the SQLSTATE as `code`.
 *
 * When `signal` fires nobody waits any more; what was sent may still take effect.
 */
export type PostgresRun = (statement: PostgresStatement, signal?: AbortSignal) => Promise<readonly (readonly unknown[])[]>;
