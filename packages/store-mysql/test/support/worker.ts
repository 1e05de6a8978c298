// A process of its own on a server that others use: `worker.ts <task> <url> <argument>`.
import { createMysqlStore, ensureMysqlSchema } from "@holdfast/store-mysql";
import { runTask } from "../../../store-contract/test/shared/tasks.ts";
import { connect } from "./servers.ts";

await runTask(async (url) => {
  const { run } = connect(url);
  await ensureMysqlSchema(run);
  return createMysqlStore(run);
});
