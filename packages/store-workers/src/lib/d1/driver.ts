/** What this store binds: text, milliseconds, counts, or nothing. */
export type D1Value = string | number | null;

export interface D1Result {
  readonly results: readonly unknown[];
  readonly meta: { readonly changes: number };
}

export interface D1Statement {
  bind(...values: D1Value[]): D1Statement;
  all(): Promise<D1Result>;
}

export interface D1Session {
  prepare(sql: string): D1Statement;
  /** One transaction: all of the statements take effect, in their order, or none. */
  batch(statements: D1Statement[]): Promise<readonly D1Result[]>;
}

/** The part of a D1 binding that is used. */
export interface D1Database {
  withSession(constraint: "first-primary"): D1Session;
}
