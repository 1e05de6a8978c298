export type { PostgresRun, PostgresStatement, PostgresValue } from "./lib/driver.ts";
export { ensurePostgresSchema } from "./lib/ensure-schema.ts";
export { type PgPool, type PgPoolOptions, pgPool } from "./lib/pg-pool.ts";
export { type PostgresJs, postgresJs } from "./lib/postgres-js.ts";
export { createPostgresStore } from "./lib/postgres-store.ts";
export { type PostgresStoreOptions, postgresSchema } from "./lib/schema.ts";
