// A process of its own on a server that others use: `worker.ts <task> <url> <argument>`. It prepares nothing, so that it also works behind a pooler.
import { createPostgresStore, ensurePostgresSchema, pgPool } from "@holdfast/store-postgres";
import pg from "pg";
import { runTask } from "../../../store-contract/test/shared/tasks.ts";

await runTask(async (url) => {
  const run = pgPool(new pg.Pool({ connectionString: url, max: 5 }), { prepare: false });
  await ensurePostgresSchema(run);
  return createPostgresStore(run);
});
