import { describeStore } from "@holdfast/store-contract";
import { createMysqlStore, ensureMysqlSchema } from "@holdfast/store-mysql";
import type { PoolOptions } from "mysql2/promise";
import { afterAll, beforeAll, describe } from "vitest";
import type { Database } from "../../../../tools/services/plain.ts";
import { placesOn } from "../support/place.ts";
import { type Connected, connect } from "../support/servers.ts";

// One of our own is as lax and as strange as servers get: what a strict one refuses this one cuts, and its clock is in a zone with daylight saving.
const places = placesOn("the contract on MariaDB is", ["--sql-mode=NO_BACKSLASH_ESCAPES,ANSI_QUOTES", "--default-time-zone=-03:30", "--character-set-server=latin1"]);

describe.skipIf(!places.here)("the contract on MariaDB [needs mariadb]", () => {
  let place: Database;
  beforeAll(async () => void (place = await places.open()));
  afterAll(() => place?.remove());

  const ways: Readonly<Record<string, PoolOptions>> = {
    mysql2: {},
    // Another character set on the wire, numbers as text, and counts of changes instead of matches.
    "mysql2 with options that change what it says": { charset: "latin1", supportBigNumbers: true, bigNumberStrings: true, flags: ["-FOUND_ROWS"], timezone: "+05:30" },
  };
  for (const [name, options] of Object.entries(ways)) {
    describe(name, () => {
      let connected: Connected;
      beforeAll(async () => {
        connected = connect(place.url, 5, options);
        await ensureMysqlSchema(connected.run);
      });
      afterAll(() => connected.close());
      describeStore(name, async () => ({ store: createMysqlStore(connected.run) }), { index: true, clock: "engine", durability: "single", evicts: false });
    });
  }
});
