import type { D1Database, D1Result, D1Statement } from "@holdfast/store-workers/d1";
import type { ObjectState, ObjectStorage } from "@holdfast/store-workers/durable-object";

/** Rows as Cloudflare counts them for the bill, since they were last taken. */
export interface Rows {
  written: number;
  read: number;
}
type Billed<T> = T & { readonly rowsWritten: number; readonly rowsRead: number };

/** The same state, whose statements are counted. */
export function meteredState<State extends ObjectState>(state: State, rows: Rows): State {
  const { storage } = state;
  const exec: ObjectStorage["sql"]["exec"] = (query, ...values) => {
    const cursor = storage.sql.exec(query, ...values) as Billed<ReturnType<ObjectStorage["sql"]["exec"]>>;
    const found = cursor.toArray();
    rows.written += cursor.rowsWritten;
    rows.read += cursor.rowsRead;
    return { toArray: () => found };
  };
  const metered: ObjectStorage = {
    sql: { exec },
    transactionSync: (work) => storage.transactionSync(work),
    getAlarm: () => storage.getAlarm(),
    setAlarm: (time) => storage.setAlarm(time),
    deleteAll: () => storage.deleteAll(),
  };
  // The platform takes no other object for a state.
  return Object.defineProperty(state, "storage", { value: metered });
}

/** The same database, whose statements are counted. */
export function meteredDatabase(database: D1Database, rows: Rows): D1Database {
  const counted = (result: D1Result): D1Result => {
    const { rows_written, rows_read } = result.meta as D1Result["meta"] & { readonly rows_written: number; readonly rows_read: number };
    rows.written += rows_written;
    rows.read += rows_read;
    return result;
  };
  const inner = new Map<D1Statement, D1Statement>();
  const metered = (statement: D1Statement): D1Statement => {
    const outer: D1Statement = { bind: (...values) => metered(statement.bind(...values)), all: async () => counted(await statement.all()) };
    inner.set(outer, statement);
    return outer;
  };
  return {
    withSession(constraint) {
      const session = database.withSession(constraint);
      return {
        prepare: (sql) => metered(session.prepare(sql)),
        batch: async (statements) => (await session.batch(statements.map((statement) => inner.get(statement) ?? statement))).map(counted),
      };
    },
  };
}
