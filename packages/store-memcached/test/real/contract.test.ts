import { describeStore } from "@holdfast/store-contract";
import { createMemcachedStore } from "@holdfast/store-memcached";
import { afterAll, beforeAll, describe } from "vitest";
import { startMemcached } from "../../../../tools/services/memcached.ts";
import { serviceFor } from "../../../../tools/services/programs.ts";
import type { Server } from "../../../../tools/services/server.ts";
import { connectTo } from "../support/nodes.ts";

const program = serviceFor("memcached", "the contract on memcached is");
const servers: Server[] = [];

describe.skipIf(program === undefined)("[needs memcached]", () => {
  beforeAll(async () => {
    for (let i = 0; i < 2; i++) servers.push(await startMemcached(program ?? ""));
  });
  afterAll(async () => {
    for (const server of servers) await server.stop();
  });

  for (const count of [1, 2]) {
    describeStore(
      `memcached with ${count === 1 ? "one node" : "two nodes"}`,
      async (clock) => {
        const nodes = connectTo(servers.slice(0, count));
        return {
          store: createMemcachedStore(nodes, { evicts: true, clock }),
          async dispose() {
            for (const node of nodes) node.close();
          },
        };
      },
      { index: false, clock: "caller", durability: "volatile", evicts: true },
    );
  }
});
