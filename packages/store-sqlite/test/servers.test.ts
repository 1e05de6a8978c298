import { fileURLToPath } from "node:url";
import { describeProcesses } from "../../store-contract/test/shared/processes.ts";
import { describeServers } from "../../store-contract/test/shared/servers.ts";
import { describeSignIns } from "../../store-contract/test/shared/sign-ins.ts";
import { openFile } from "./support/engine.ts";

describeServers("sqlite", openFile, "caller");
describeSignIns("sqlite", openFile, "caller");
describeProcesses("one file", openFile, fileURLToPath(new URL("support/worker.ts", import.meta.url)));
