import { describeStore } from "@holdfast/store-contract";
import { createMemcachedStore } from "@holdfast/store-memcached";
import { afterAll, beforeAll, describe } from "vitest";
import { connectTo } from "../support/nodes.ts";
import { type Place, placesOn } from "../support/place.ts";

const places = placesOn("the contract on memcached is");

describe.skipIf(!places.here)("[needs memcached]", () => {
  let place: Place;
  beforeAll(async () => void (place = await places.open()));
  afterAll(() => place?.remove());

  for (const [i, count] of ["one node", "two nodes"].entries()) {
    describe.skipIf(i >= places.count)(`of ${places.count}`, () =>
      describeStore(
        `memcached with ${count}`,
        async (clock) => {
          const nodes = connectTo(place.nodes.slice(0, i + 1));
          return {
            store: createMemcachedStore(nodes, { evicts: true, prefix: place.prefix, clock }),
            async dispose() {
              for (const node of nodes) node.close();
            },
          };
        },
        { index: false, clock: "caller", durability: "volatile", evicts: true },
      ),
    );
  }
});
