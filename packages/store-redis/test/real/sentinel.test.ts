import { describeStore } from "@holdfast/store-contract";
import { createRedisStore } from "@holdfast/store-redis";
import { afterAll, beforeAll, describe, expect } from "vitest";
import { serviceFor } from "../../../../tools/services/programs.ts";
import { type RedisSentinel, startRedisSentinel } from "../../../../tools/services/redis-sentinel.ts";
import { type Connected, SENTINEL_CLIENTS } from "../support/clients.ts";

const program = serviceFor("redis", "a master that sentinels name is");
const CAPABILITIES = { index: true, clock: "engine", durability: "replicated", evicts: false } as const;

describe.skipIf(program === undefined)("the master that sentinels name, with durable writes [needs redis]", () => {
  let set: RedisSentinel;
  beforeAll(async () => void (set = await startRedisSentinel(program ?? "", { downAfter: 60_000 })));
  afterAll(() => set?.stop());

  for (const [name, connect] of Object.entries(SENTINEL_CLIENTS)) {
    describe(name, () => {
      let reading: Connected;
      let writing: Connected;
      beforeAll(async () => {
        const ports = set.sentinels.map(({ port }) => port);
        [reading, writing] = [await connect(set.name, ports), await connect(set.name, ports)];
      });
      afterAll(async () => {
        await reading?.close();
        await writing?.close();
      });
      const onUnmet = (write: unknown): never => expect.unreachable(`no replica has ${JSON.stringify(write)}`);
      describeStore(`Sentinel with ${name}`, async () => ({ store: createRedisStore(reading.client, { replicas: { client: writing.client, timeoutMs: 60_000, onUnmet } }) }), CAPABILITIES);
    });
  }
});
