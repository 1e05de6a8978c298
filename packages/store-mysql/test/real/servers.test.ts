import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe } from "vitest";
import { startMariadb } from "../../../../tools/services/mariadb.ts";
import type { Server } from "../../../../tools/services/server.ts";
import { describeProcesses } from "../../../store-contract/test/shared/processes.ts";
import { describeServers } from "../../../store-contract/test/shared/servers.ts";
import { describeSignIns } from "../../../store-contract/test/shared/sign-ins.ts";
import { addressOf, mariadbProgram, openAt } from "../support/servers.ts";

describe.skipIf(mariadbProgram === undefined)("MariaDB [needs mariadb]", () => {
  let server: Server;
  beforeAll(async () => {
    server = await startMariadb(mariadbProgram ?? "");
  });
  afterAll(() => server?.stop());
  const open = openAt(() => addressOf(server.port));
  describeServers("MariaDB", open, "engine");
  describeSignIns("MariaDB", open, "engine");
  describeProcesses("MariaDB", open, fileURLToPath(new URL("../support/worker.ts", import.meta.url)));
});
