import { describeStore } from "@holdfast/store-contract";
import { createRedisStore } from "@holdfast/store-redis";
import { afterAll, beforeAll, describe } from "vitest";
import { CLIENTS, type Connected } from "../support/clients.ts";
import { type Place, placesOn } from "../support/place.ts";

const CAPABILITIES = { index: true, clock: "engine", durability: "async", evicts: false } as const;

for (const service of ["redis", "valkey"] as const) {
  const places = placesOn(service, "the Redis store is");
  describe.skipIf(!places.here)(`[needs ${service}]`, () => {
    let place: Place;
    beforeAll(async () => void (place = await places.open()));
    afterAll(() => place?.remove());

    for (const [name, connect] of Object.entries(CLIENTS)) {
      describe(name, () => {
        let connected: Connected;
        beforeAll(async () => void (connected = await connect(place.url)));
        afterAll(() => connected?.close());
        describeStore(`${service} with ${name}`, async () => ({ store: createRedisStore(connected.client, { prefix: place.prefix }) }), CAPABILITIES);
      });
    }
  });
}
