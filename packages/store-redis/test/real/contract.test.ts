import { describeStore } from "@holdfast/store-contract";
import { createRedisStore } from "@holdfast/store-redis";
import { afterAll, beforeAll, describe } from "vitest";
import { serviceFor } from "../../../../tools/services/programs.ts";
import { startRedis } from "../../../../tools/services/redis.ts";
import type { Server } from "../../../../tools/services/server.ts";
import { CLIENTS, type Connected } from "../support/clients.ts";

const CAPABILITIES = { index: true, clock: "engine", durability: "async", evicts: false } as const;

for (const service of ["redis", "valkey"] as const) {
  const program = serviceFor(service, "the Redis store is");
  describe.skipIf(program === undefined)(`[needs ${service}]`, () => {
    let server: Server;
    beforeAll(async () => void (server = await startRedis(program ?? "")));
    afterAll(() => server?.stop());

    for (const [name, connect] of Object.entries(CLIENTS)) {
      describe(name, () => {
        let connected: Connected;
        beforeAll(async () => void (connected = await connect(server.port)));
        afterAll(() => connected?.close());
        describeStore(`${service} with ${name}`, async () => ({ store: createRedisStore(connected.client) }), CAPABILITIES);
      });
    }
  });
}
