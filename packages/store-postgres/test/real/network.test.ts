import { createPostgresStore, ensurePostgresSchema, pgPool, postgresJs, type PostgresRun } from "@holdfast/store-postgres";
import pg from "pg";
import postgres from "postgres";
import { afterAll, beforeAll, describe } from "vitest";
import { startPostgres } from "../../../../tools/services/postgres.ts";
import type { Server } from "../../../../tools/services/server.ts";
import { describeNetwork, GONE, type Reach } from "../../../store-contract/test/shared/network.ts";
import { postgresProgram } from "../support/program.ts";

const urlOf = (port: number): string => `postgres://app@127.0.0.1:${port}/postgres`;
const withStore = async (run: PostgresRun, close: () => Promise<void>): ReturnType<Reach> => {
  await ensurePostgresSchema(run);
  return { store: createPostgresStore(run), close };
};

const clients: Readonly<Record<string, Reach>> = {
  async pg(port, max) {
    const pool = new pg.Pool({ connectionString: urlOf(port), max, connectionTimeoutMillis: GONE, keepAlive: true });
    pool.on("error", () => undefined);
    return withStore(pgPool(pool, { abandonAfter: GONE }), () => pool.end());
  },
  async postgres(port, max) {
    const sql = postgres(urlOf(port), { max, connect_timeout: GONE / 1000, backoff: () => 0.05, onnotice: () => undefined });
    return withStore(postgresJs(sql), () => sql.end({ timeout: 1 }));
  },
};

describe.skipIf(postgresProgram === undefined)("[needs postgres]", () => {
  let server: Server;
  beforeAll(async () => void (server = await startPostgres(postgresProgram ?? "")));
  afterAll(() => server?.stop());
  for (const [name, reach] of Object.entries(clients)) describeNetwork(`PostgreSQL with ${name}`, () => server.port, reach, { replaces: name === "pg" });
});
