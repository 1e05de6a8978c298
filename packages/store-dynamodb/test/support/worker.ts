// A process of its own on an engine that others use: `worker.ts <task> <port> <argument>`.
import { runTask } from "../../../store-contract/test/shared/tasks.ts";
import { open } from "./servers.ts";

await runTask(async (port) => (await open(Number(port))).store);
