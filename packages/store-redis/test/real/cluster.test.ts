import { describeStore, testRow } from "@holdfast/store-contract";
import { createRedisStore } from "@holdfast/store-redis";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { serviceFor } from "../../../../tools/services/programs.ts";
import { askRedis } from "../../../../tools/services/redis-ask.ts";
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
        it("[K04] one master of them that may drop sessions is found by check(), and at the first sign-in", async () => {
          for (const { port } of cluster.masters) {
            await askRedis(port, "CONFIG SET maxmemory 1gb");
            await askRedis(port, "CONFIG SET maxmemory-policy allkeys-lru");
            const store = createRedisStore(connected.client);
            await expect(store.check()).rejects.toMatchObject({ code: "config", option: "evicts" });
            await expect(store.create(testRow())).rejects.toMatchObject({ code: "config", option: "evicts" });
            await askRedis(port, "CONFIG SET maxmemory-policy noeviction");
            await store.check();
          }
        });
        describeStore(`a ${service} cluster with ${name}`, async () => ({ store: createRedisStore(connected.client) }), CAPABILITIES);
      });
    }
  });
}
