import { createMemcachedStore, type MemcachedNode } from "@holdfast/store-memcached";
import { connectMemcached } from "@holdfast/store-memcached/connect";
import { afterAll, beforeAll, describe } from "vitest";
import { startMemcached } from "../../../../tools/services/memcached.ts";
import { serviceFor } from "../../../../tools/services/programs.ts";
import type { Server } from "../../../../tools/services/server.ts";
import { describeNetwork, GONE, type Reach } from "../../../store-contract/test/shared/network.ts";
import { indexed, type Made } from "../support/indexed.ts";

const program = serviceFor("memcached", "a network that breaks is");
const made: Made = new Set();

// One connection, whatever it may have.
const reach: Reach = async (port) => {
  const node = connectMemcached(`127.0.0.1:${port}`, { timeoutMs: GONE, connectTimeoutMs: GONE });
  let armed: (() => void) | undefined;
  const watched: MemcachedNode = {
    name: node.name,
    send(commands) {
      if (commands.some(({ verb }) => verb !== "mg")) {
        armed?.();
        armed = undefined;
      }
      return node.send(commands);
    },
  };
  return {
    store: indexed(createMemcachedStore([watched], { evicts: true }), made),
    beforeWrite: (call) => void (armed = call),
    close: async () => node.close(),
  };
};

describe.skipIf(program === undefined)("[needs memcached]", () => {
  let server: Server;
  beforeAll(async () => void (server = await startMemcached(program ?? "")));
  afterAll(() => server?.stop());
  describeNetwork("memcached", () => server.port, reach);
});
