import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe } from "vitest";
import { serviceFor } from "../../../../tools/services/programs.ts";
import { startRedis } from "../../../../tools/services/redis.ts";
import { type RedisCluster, startRedisCluster } from "../../../../tools/services/redis-cluster.ts";
import type { Server } from "../../../../tools/services/server.ts";
import { describeProcesses } from "../../../store-contract/test/shared/processes.ts";
import { describeServers } from "../../../store-contract/test/shared/servers.ts";
import { describeSignIns } from "../../../store-contract/test/shared/sign-ins.ts";
import { CLUSTER_CLIENTS } from "../support/clients.ts";
import { openCluster, openServer } from "../support/engine.ts";

const program = serviceFor("redis", "several servers on one Redis are");
const worker = fileURLToPath(new URL("../support/worker.ts", import.meta.url));

describe.skipIf(program === undefined)("[needs redis]", () => {
  let server: Server;
  beforeAll(async () => void (server = await startRedis(program ?? "")));
  afterAll(() => server?.stop());

  for (const client of ["node-redis 6", "ioredis 6"] as const) {
    const open = openServer(client, () => server.port);
    describeServers(`redis with ${client}`, open, "engine");
    describeSignIns(`redis with ${client}`, open, "engine");
  }
  describeProcesses("redis", openServer("ioredis 6", () => server.port), worker);
});

describe.skipIf(program === undefined)("a cluster of three masters [needs redis]", () => {
  let cluster: RedisCluster;
  beforeAll(async () => void (cluster = await startRedisCluster(program ?? "")));
  afterAll(() => cluster?.stop());
  const ports = (): number[] => cluster.masters.map(({ port }) => port);
  for (const client of Object.keys(CLUSTER_CLIENTS) as (keyof typeof CLUSTER_CLIENTS)[]) describeServers(`a cluster with ${client}`, openCluster(client, ports), "engine");
});

const valkey = serviceFor("valkey", "several servers on one Valkey are");
describe.skipIf(valkey === undefined)("[needs valkey]", () => {
  let server: Server;
  beforeAll(async () => void (server = await startRedis(valkey ?? "")));
  afterAll(() => server?.stop());
  describeServers("valkey", openServer("node-redis 6", () => server.port), "engine");
});
