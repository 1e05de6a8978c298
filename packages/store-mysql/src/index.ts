export type { MysqlResult, MysqlRun, MysqlStatement, MysqlValue } from "./lib/driver.ts";
export { ensureMysqlSchema } from "./lib/ensure-schema.ts";
export { type MysqlPool, type MysqlPoolOptions, mysqlPool } from "./lib/mysql-pool.ts";
export { createMysqlStore } from "./lib/mysql-store.ts";
export { type MysqlStoreOptions, mysqlSchema } from "./lib/schema.ts";
