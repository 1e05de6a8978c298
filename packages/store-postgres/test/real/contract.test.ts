import { describeStore } from "@holdfast/store-contract";
import { createPostgresStore, ensurePostgresSchema, type PostgresStoreOptions } from "@holdfast/store-postgres";
import { afterAll, beforeAll, describe } from "vitest";
import { startPgbouncer } from "../../../../tools/services/pgbouncer.ts";
import { type Postgres, startPostgres } from "../../../../tools/services/postgres.ts";
import { type Connected, drivers, pgbouncerProgram, postgresProgram } from "../support/servers.ts";

let server: Postgres;
beforeAll(async () => {
  if (postgresProgram !== undefined) server = await startPostgres(postgresProgram);
});
afterAll(() => server?.stop());

function contract(name: string, connect: () => Connected, options: PostgresStoreOptions = {}): void {
  describe(name, () => {
    let connected: Connected;
    beforeAll(async () => {
      connected = connect();
      await ensurePostgresSchema(connected.run, options);
    });
    afterAll(() => connected.close());
    const { durability = "single" } = options;
    describeStore(name, async () => ({ store: createPostgresStore(connected.run, options) }), { index: true, clock: "engine", durability, evicts: false });
  });
}

describe.skipIf(postgresProgram === undefined)("the contract on PostgreSQL [needs postgres]", () => {
  contract("pg", () => drivers(true).pg(server.url));
  contract("postgres", () => drivers(true).postgres(server.url));
  contract("pg, an UNLOGGED table", () => drivers(true).pg(server.url), { table: "volatile", durability: "volatile" });
});

describe.skipIf(postgresProgram === undefined || pgbouncerProgram === undefined)("the contract behind a transaction pooler [needs postgres, pgbouncer]", () => {
  let pooler: Postgres;
  beforeAll(async () => {
    pooler = await startPgbouncer(pgbouncerProgram ?? "", server);
  });
  afterAll(() => pooler?.stop());
  contract("pg behind PgBouncer", () => drivers(false).pg(pooler.url));
  contract("postgres behind PgBouncer", () => drivers(false).postgres(pooler.url));
});
