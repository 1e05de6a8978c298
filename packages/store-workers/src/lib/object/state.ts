/** What is bound: text, milliseconds, counts, or nothing. */
export type SqlValue = string | number | null;

export interface ObjectSql {
  exec(query: string, ...values: SqlValue[]): { toArray(): unknown[] };
}

/** The part of the storage of a SQLite-backed Durable Object that is used. */
export interface ObjectStorage {
  readonly sql: ObjectSql;
  /** Undoes what `work` wrote when it throws. */
  transactionSync<T>(work: () => T): T;
  getAlarm(): Promise<number | null>;
  setAlarm(time: number): Promise<void>;
  deleteAll(): Promise<void>;
}

/** The part of `DurableObjectState` that is used. */
export interface ObjectState {
  readonly storage: ObjectStorage;
}
