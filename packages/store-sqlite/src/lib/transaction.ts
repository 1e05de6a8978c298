import type { SqliteDatabase } from "./driver.ts";

/** Runs `work` as one write transaction. IMMEDIATE takes the write lock first, so a read inside cannot be outdated by the time it writes. */
export function immediately<T>(db: SqliteDatabase, work: () => T): T {
  db.exec("BEGIN IMMEDIATE");
  try {
    const result = work();
    db.exec("COMMIT");
    return result;
  } catch (fault) {
    rollback(db);
    throw fault;
  }
}

function rollback(db: SqliteDatabase): void {
  try {
    db.exec("ROLLBACK");
  } catch {
    // SQLite rolls back by itself after some faults; the first fault is the one to report.
  }
}
