export type { SqliteDatabase, SqliteStatement, SqliteValue } from "./lib/driver.ts";
export { sqliteSchema } from "./lib/schema.ts";
export { createSqliteStore, type SqliteStoreOptions } from "./lib/sqlite-store.ts";
