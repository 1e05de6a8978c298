import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, it } from "vitest";
import { createMemcachedStore } from "@holdfast/store-memcached";
import { startMemcached } from "../../../../tools/services/memcached.ts";
import { serviceFor } from "../../../../tools/services/programs.ts";
import type { Server } from "../../../../tools/services/server.ts";
import { endAllCases } from "../../../store-contract/src/lib/cases/end-all.ts";
import { createSuite } from "../../../store-contract/src/lib/suite.ts";
import { describeProcesses } from "../../../store-contract/test/shared/processes.ts";
import { describeServers } from "../../../store-contract/test/shared/servers.ts";
import { describeSignIns } from "../../../store-contract/test/shared/sign-ins.ts";
import { openNodes } from "../support/engine.ts";
import { indexed } from "../support/indexed.ts";
import { connectTo } from "../support/nodes.ts";

const program = serviceFor("memcached", "several servers on two memcached nodes are");
const worker = fileURLToPath(new URL("../support/worker.ts", import.meta.url));

describe.skipIf(program === undefined)("[needs memcached]", () => {
  let nodes: Server[] = [];
  beforeAll(async () => void (nodes = await Promise.all([1, 2].map(() => startMemcached(program ?? "")))));
  afterAll(async () => {
    for (const node of nodes) await node.stop();
  });

  describe("ending all sessions of a subject, as on the port", () => {
    const run = (name: string, body: () => Promise<void>): void => void it(name, body);
    const suite = createSuite(
      async (clock) => {
        const connections = connectTo(nodes);
        return {
          store: indexed(createMemcachedStore(connections, { evicts: true, clock }), new Set()),
          async dispose() {
            for (const connection of connections) connection.close();
          },
        };
      },
      { index: true, clock: "caller", durability: "volatile", evicts: true },
      { run, runOrSkip: () => undefined, skip: () => undefined },
    );
    endAllCases(suite);
  });

  const open = openNodes(() => nodes);
  describeServers("two memcached nodes", open, "caller", ["limits", "keeping"]);
  describeSignIns("two memcached nodes", open, "caller", ["limits", "keeping"]);
  describeProcesses("two memcached nodes", open, worker, ["limits", "keeping"]);
});
