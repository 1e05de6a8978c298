import { fileURLToPath } from "node:url";
import { afterAll, beforeAll } from "vitest";
import { describeProcesses } from "../../../store-contract/test/shared/processes.ts";
import { describeServers } from "../../../store-contract/test/shared/servers.ts";
import { describeSignIns } from "../../../store-contract/test/shared/sign-ins.ts";
import { openAt, startWorkerd, type Workerd } from "../support/workerd.ts";

let workerd: Workerd;
beforeAll(async () => void (workerd = await startWorkerd()));
afterAll(() => workerd?.stop());

const worker = fileURLToPath(new URL("../support/worker.ts", import.meta.url));
const engines = { "Durable Objects": openAt(async () => workerd.object), D1: openAt(() => workerd.d1("servers")) };
for (const [name, open] of Object.entries(engines)) {
  describeServers(name, open, "engine");
  describeSignIns(name, open, "engine");
  describeProcesses(name, open, worker);
}
