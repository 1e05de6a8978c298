import { createRedisStore } from "@holdfast/store-redis";
import { Redis } from "ioredis";
import { createClient } from "redis";
import { afterAll, beforeAll, describe } from "vitest";
import { serviceFor } from "../../../../tools/services/programs.ts";
import { startRedis } from "../../../../tools/services/redis.ts";
import type { Server } from "../../../../tools/services/server.ts";
import { describeNetwork, GONE, type Reach } from "../../../store-contract/test/shared/network.ts";
import { watch } from "../support/watch.ts";

const program = serviceFor("redis", "a network that breaks is");
const host = "127.0.0.1";
const ignore = (): void => undefined;

// Both have one connection, whatever they may have.
const clients: Readonly<Record<string, Reach>> = {
  async "node-redis"(port) {
    const client = createClient({ socket: { host, port, socketTimeout: 2 * GONE, reconnectStrategy: (tries) => Math.min(1000, tries * 50) } });
    client.on("error", ignore);
    await client.connect();
    // Writing alone keeps the time limit of the socket from ever being reached.
    const unwatch = watch(client, GONE);
    return {
      store: createRedisStore(client),
      async close() {
        unwatch();
        client.destroy();
      },
    };
  },
  async ioredis(port) {
    const client = new Redis({ host, port, socketTimeout: GONE });
    client.on("error", ignore);
    return { store: createRedisStore(client), close: async () => client.disconnect() };
  },
};

describe.skipIf(program === undefined)("[needs redis]", () => {
  let server: Server;
  beforeAll(async () => void (server = await startRedis(program ?? "")));
  afterAll(() => server?.stop());
  for (const [name, reach] of Object.entries(clients)) describeNetwork(`Redis with ${name}`, () => server.port, reach);
});
