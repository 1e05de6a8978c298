import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe } from "vitest";
import type { Database } from "../../../../tools/services/plain.ts";
import { describeProcesses } from "../../../store-contract/test/shared/processes.ts";
import { describeServers } from "../../../store-contract/test/shared/servers.ts";
import { describeSignIns } from "../../../store-contract/test/shared/sign-ins.ts";
import { placesOn } from "../support/place.ts";
import { openAt } from "../support/servers.ts";

const places = placesOn("several servers on one MariaDB are");

describe.skipIf(!places.here)("MariaDB [needs mariadb]", () => {
  let place: Database;
  beforeAll(async () => void (place = await places.open()));
  afterAll(() => place?.remove());
  const open = openAt(() => place.url);
  describeServers("MariaDB", open, "engine");
  describeSignIns("MariaDB", open, "engine");
  describeProcesses("MariaDB", open, fileURLToPath(new URL("../support/worker.ts", import.meta.url)));
});
