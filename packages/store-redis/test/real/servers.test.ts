import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe } from "vitest";
import { serviceFor } from "../../../../tools/services/programs.ts";
import { type RedisCluster, startRedisCluster } from "../../../../tools/services/redis-cluster.ts";
import { describeProcesses } from "../../../store-contract/test/shared/processes.ts";
import { describeServers } from "../../../store-contract/test/shared/servers.ts";
import { describeSignIns } from "../../../store-contract/test/shared/sign-ins.ts";
import { CLUSTER_CLIENTS } from "../support/clients.ts";
import { openCluster, openServer } from "../support/engine.ts";
import { type Place, placesOn } from "../support/place.ts";

const worker = fileURLToPath(new URL("../support/worker.ts", import.meta.url));

const redis = placesOn("redis", "several servers on one Redis are");
describe.skipIf(!redis.here)("[needs redis]", () => {
  let place: Place;
  beforeAll(async () => void (place = await redis.open()));
  afterAll(() => place?.remove());

  for (const client of ["node-redis 6", "ioredis 6"] as const) {
    const open = openServer(client, () => place);
    describeServers(`redis with ${client}`, open, "engine");
    describeSignIns(`redis with ${client}`, open, "engine");
  }
  describeProcesses("redis", openServer("ioredis 6", () => place), worker);
});

const program = serviceFor("redis", "several servers on a cluster are");
describe.skipIf(program === undefined)("a cluster of three masters [needs redis]", () => {
  let cluster: RedisCluster;
  beforeAll(async () => void (cluster = await startRedisCluster(program ?? "")));
  afterAll(() => cluster?.stop());
  const ports = (): number[] => cluster.masters.map(({ port }) => port);
  for (const client of Object.keys(CLUSTER_CLIENTS) as (keyof typeof CLUSTER_CLIENTS)[]) describeServers(`a cluster with ${client}`, openCluster(client, ports), "engine");
});

const valkey = placesOn("valkey", "several servers on one Valkey are");
describe.skipIf(!valkey.here)("[needs valkey]", () => {
  let place: Place;
  beforeAll(async () => void (place = await valkey.open()));
  afterAll(() => place?.remove());
  describeServers("valkey", openServer("node-redis 6", () => place), "engine");
});
