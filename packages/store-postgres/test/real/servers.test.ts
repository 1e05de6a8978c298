import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe } from "vitest";
import { startPgbouncer } from "../../../../tools/services/pgbouncer.ts";
import type { Database } from "../../../../tools/services/plain.ts";
import type { Server } from "../../../../tools/services/server.ts";
import type { OpenEngine } from "../../../store-contract/test/shared/engine.ts";
import { describeProcesses } from "../../../store-contract/test/shared/processes.ts";
import { describeServers } from "../../../store-contract/test/shared/servers.ts";
import { describeSignIns } from "../../../store-contract/test/shared/sign-ins.ts";
import { placesOn } from "../support/place.ts";
import { drivers, engineAt, pgbouncerProgram } from "../support/servers.ts";

const worker = fileURLToPath(new URL("../support/worker.ts", import.meta.url));
const places = placesOn("several servers on one PostgreSQL are");
let place: Database;
beforeAll(async () => {
  if (places.here) place = await places.open();
});
afterAll(() => place?.remove());

describe.skipIf(!places.here)("PostgreSQL [needs postgres]", () => {
  const open: OpenEngine = async () => engineAt(place.url, drivers(true).pg);
  describeServers("PostgreSQL", open, "engine");
  describeSignIns("PostgreSQL", open, "engine");
  describeProcesses("PostgreSQL", open, worker);
});

describe.skipIf(!places.here || pgbouncerProgram === undefined)("PostgreSQL behind a transaction pooler [needs postgres, pgbouncer]", () => {
  let pooler: Server;
  beforeAll(async () => {
    pooler = await startPgbouncer(pgbouncerProgram ?? "", place);
  });
  afterAll(() => pooler?.stop());
  const open: OpenEngine = async () => engineAt(pooler.url, drivers(false).postgres);
  describeServers("PgBouncer", open, "engine");
  describeProcesses("PgBouncer", open, worker);
});
