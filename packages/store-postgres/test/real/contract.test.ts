import { describeStore } from "@holdfast/store-contract";
import { createPostgresStore, ensurePostgresSchema, type PostgresStoreOptions } from "@holdfast/store-postgres";
import { afterAll, beforeAll, describe } from "vitest";
import { startPgbouncer } from "../../../../tools/services/pgbouncer.ts";
import type { Database } from "../../../../tools/services/plain.ts";
import type { Server } from "../../../../tools/services/server.ts";
import { placesOn } from "../support/place.ts";
import { type Connected, drivers, pgbouncerProgram } from "../support/servers.ts";

const places = placesOn("the contract on PostgreSQL is");
let place: Database;
beforeAll(async () => {
  if (places.here) place = await places.open();
});
afterAll(() => place?.remove());

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

describe.skipIf(!places.here)("the contract on PostgreSQL [needs postgres]", () => {
  contract("pg", () => drivers(true).pg(place.url));
  contract("postgres", () => drivers(true).postgres(place.url));
  contract("pg, an UNLOGGED table", () => drivers(true).pg(place.url), { table: "volatile", durability: "volatile" });
});

describe.skipIf(!places.here || pgbouncerProgram === undefined)("the contract behind a transaction pooler [needs postgres, pgbouncer]", () => {
  let pooler: Server;
  beforeAll(async () => {
    pooler = await startPgbouncer(pgbouncerProgram ?? "", place);
  });
  afterAll(() => pooler?.stop());
  contract("pg behind PgBouncer", () => drivers(false).pg(pooler.url));
  contract("postgres behind PgBouncer", () => drivers(false).postgres(pooler.url));
});
