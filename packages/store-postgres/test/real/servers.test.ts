import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe } from "vitest";
import { startPgbouncer } from "../../../../tools/services/pgbouncer.ts";
import { type Postgres, startPostgres } from "../../../../tools/services/postgres.ts";
import type { OpenEngine } from "../../../store-contract/test/shared/engine.ts";
import { describeProcesses } from "../../../store-contract/test/shared/processes.ts";
import { describeServers } from "../../../store-contract/test/shared/servers.ts";
import { describeSignIns } from "../../../store-contract/test/shared/sign-ins.ts";
import { drivers, engineAt, pgbouncerProgram, postgresProgram } from "../support/servers.ts";

const worker = fileURLToPath(new URL("../support/worker.ts", import.meta.url));
let server: Postgres;
beforeAll(async () => {
  if (postgresProgram !== undefined) server = await startPostgres(postgresProgram);
});
afterAll(() => server?.stop());

describe.skipIf(postgresProgram === undefined)("PostgreSQL [needs postgres]", () => {
  const open: OpenEngine = async () => engineAt(server.url, drivers(true).pg);
  describeServers("PostgreSQL", open, "engine");
  describeSignIns("PostgreSQL", open, "engine");
  describeProcesses("PostgreSQL", open, worker);
});

describe.skipIf(postgresProgram === undefined || pgbouncerProgram === undefined)("PostgreSQL behind a transaction pooler [needs postgres, pgbouncer]", () => {
  let pooler: Postgres;
  beforeAll(async () => {
    pooler = await startPgbouncer(pgbouncerProgram ?? "", server);
  });
  afterAll(() => pooler?.stop());
  const open: OpenEngine = async () => engineAt(pooler.url, drivers(false).postgres);
  describeServers("PgBouncer", open, "engine");
  describeProcesses("PgBouncer", open, worker);
});
