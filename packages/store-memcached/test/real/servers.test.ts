import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, it } from "vitest";
import { createMemcachedStore } from "@holdfast/store-memcached";
import { endAllCases } from "../../../store-contract/src/lib/cases/end-all.ts";
import { createSuite } from "../../../store-contract/src/lib/suite.ts";
import { describeProcesses } from "../../../store-contract/test/shared/processes.ts";
import { describeServers } from "../../../store-contract/test/shared/servers.ts";
import { describeSignIns } from "../../../store-contract/test/shared/sign-ins.ts";
import { openNodes } from "../support/engine.ts";
import { indexed } from "../support/indexed.ts";
import { connectTo } from "../support/nodes.ts";
import { type Place, placesOn } from "../support/place.ts";

const places = placesOn("several servers on memcached are");
const worker = fileURLToPath(new URL("../support/worker.ts", import.meta.url));

describe.skipIf(!places.here)("[needs memcached]", () => {
  let place: Place;
  beforeAll(async () => void (place = await places.open()));
  afterAll(() => place?.remove());

  describe("ending all sessions of a subject, as on the port", () => {
    const run = (name: string, body: () => Promise<void>): void => void it(name, body);
    const suite = createSuite(
      async (clock) => {
        const connections = connectTo(place.nodes);
        return {
          store: indexed(createMemcachedStore(connections, { evicts: true, prefix: place.prefix, clock }), new Set()),
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

  const open = openNodes(() => place);
  describeServers("memcached", open, "caller", ["limits", "keeping"]);
  describeSignIns("memcached", open, "caller", ["limits", "keeping"]);
  describeProcesses("memcached", open, worker, ["limits", "keeping"]);
});
