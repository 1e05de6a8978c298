import { describeStore } from "@holdfast/store-contract";
import { createRedisStore } from "@holdfast/store-redis";
import { afterAll, beforeAll, describe } from "vitest";
import { serviceFor } from "../../../../tools/services/programs.ts";
import { type RedisCluster, startRedisCluster } from "../../../../tools/services/redis-cluster.ts";
import { CLUSTER_CLIENTS, type Connected } from "../support/clients.ts";

const CAPABILITIES = { index: true, clock: "engine", durability: "async", evicts: false } as const;

for (const service of ["redis", "valkey"] as const) {
  const program = serviceFor(service, "a cluster is");
  describe.skipIf(program === undefined)(`a cluster of three masters [needs ${service}]`, () => {
    let cluster: RedisCluster;
    beforeAll(async () => void (cluster = await startRedisCluster(program ?? "")));
    afterAll(() => cluster?.stop());

    for (const [name, connect] of Object.entries(CLUSTER_CLIENTS)) {
      // The clients are the same for both engines, so one of them is enough for the second.
      if (service === "valkey" && name === "ioredis") continue;
      describe(name, () => {
        let connected: Connected;
        beforeAll(async () => void (connected = await connect(cluster.masters.map(({ port }) => port))));
        afterAll(() => connected?.close());
        describeStore(`a ${service} cluster with ${name}`, async () => ({ store: createRedisStore(connected.client) }), CAPABILITIES);
      });
    }
  });
}
