import { createPostgresStore, ensurePostgresSchema, type PostgresRun, type PostgresStoreOptions, pgPool, postgresJs } from "@holdfast/store-postgres";
import pg from "pg";
import postgres from "postgres";
import { serviceFor } from "../../../../tools/services/programs.ts";
import type { SharedEngine } from "../../../store-contract/test/shared/engine.ts";

export const pgbouncerProgram = serviceFor("pgbouncer", "the PostgreSQL store behind a transaction pooler is");

export interface Connected {
  readonly run: PostgresRun;
  close(): Promise<void>;
}

export type Driver = (url: string, connections?: number) => Connected;

/** Behind a transaction pooler nothing may be prepared by name. */
export const drivers = (prepare: boolean): Readonly<Record<"pg" | "postgres", Driver>> => ({
  pg(url, max = 5) {
    const pool = new pg.Pool({ connectionString: url, max });
    // Idle connections break where a test kills the server.
    pool.on("error", () => undefined);
    return { run: pgPool(pool, { prepare }), close: () => pool.end() };
  },
  postgres(url, max = 5) {
    const sql = postgres(url, { max, prepare, onnotice: () => undefined });
    return { run: postgresJs(sql), close: () => sql.end({ timeout: 1 }) };
  },
});

/** All connections of the tests to one server, whose tables are there already. */
export const engineAt = (url: string, connect: Driver, options: PostgresStoreOptions = {}): SharedEngine => ({
  address: url,
  async connect() {
    const { run, close } = connect(url);
    await ensurePostgresSchema(run, options);
    return { store: createPostgresStore(run, options), close };
  },
  remove: async () => undefined,
});
