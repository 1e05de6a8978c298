import { describeStore } from "@holdfast/store-contract";
import { createMysqlStore, ensureMysqlSchema } from "@holdfast/store-mysql";
import type { PoolOptions } from "mysql2/promise";
import { afterAll, beforeAll, describe } from "vitest";
import { startMariadb } from "../../../../tools/services/mariadb.ts";
import type { Server } from "../../../../tools/services/server.ts";
import { addressOf, type Connected, connect, mariadbProgram } from "../support/servers.ts";

describe.skipIf(mariadbProgram === undefined)("the contract on MariaDB [needs mariadb]", () => {
  let server: Server;
  beforeAll(async () => {
    // As lax and as strange as servers get: what a strict one refuses this one cuts, and its clock is in a zone with daylight saving.
    server = await startMariadb(mariadbProgram ?? "", ["--sql-mode=NO_BACKSLASH_ESCAPES,ANSI_QUOTES", "--default-time-zone=-03:30", "--character-set-server=latin1"]);
  });
  afterAll(() => server?.stop());

  const ways: Readonly<Record<string, PoolOptions>> = {
    mysql2: {},
    // Another character set on the wire, numbers as text, and counts of changes instead of matches.
    "mysql2 with options that change what it says": { charset: "latin1", supportBigNumbers: true, bigNumberStrings: true, flags: ["-FOUND_ROWS"], timezone: "+05:30" },
  };
  for (const [name, options] of Object.entries(ways)) {
    describe(name, () => {
      let connected: Connected;
      beforeAll(async () => {
        connected = connect(addressOf(server.port), 5, options);
        await ensureMysqlSchema(connected.run);
      });
      afterAll(() => connected.close());
      describeStore(name, async () => ({ store: createMysqlStore(connected.run) }), { index: true, clock: "engine", durability: "single", evicts: false });
    });
  }
});
