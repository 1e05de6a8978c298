// A process of its own on a store in workerd that others use: `worker.ts <task> <address> <argument>`.
import { runTask } from "../../../store-contract/test/shared/tasks.ts";
import { remoteStore } from "./remote-store.ts";

await runTask(async (address) => remoteStore(address));
