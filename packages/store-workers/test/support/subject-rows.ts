import { DatabaseSync } from "node:sqlite";
import type { ObjectStorage } from "../../src/lib/object/state.ts";
import { SubjectRows } from "../../src/lib/object/subject-rows.ts";

/** The rows of an object on the SQLite of Node, to which the test says what time it is. */
export function openRows(): { readonly rows: SubjectRows; readonly db: DatabaseSync } {
  const db = new DatabaseSync(":memory:");
  const storage: ObjectStorage = {
    sql: {
      exec(query, ...values) {
        if (values.length > 0 || !query.includes(";")) {
          const found = db.prepare(query).all(...values);
          return { toArray: () => found };
        }
        db.exec(query);
        return { toArray: () => [] };
      },
    },
    transactionSync: (work) => work(),
    getAlarm: async () => null,
    setAlarm: async () => undefined,
    deleteAll: async () => db.exec("DROP TABLE sessions; DROP TABLE mark"),
  };
  return { rows: new SubjectRows(storage), db };
}
