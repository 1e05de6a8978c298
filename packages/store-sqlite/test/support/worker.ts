// A process of its own on a shared file: `worker.ts <task> <file> <argument> <synchronous>`.
import { DatabaseSync } from "node:sqlite";
import { createSqliteStore } from "@holdfast/store-sqlite";
import { runTask } from "../../../store-contract/test/shared/tasks.ts";

const synchronous = process.argv[5] === "full" ? "full" : "normal";
await runTask(async (file) => createSqliteStore(new DatabaseSync(file), { synchronous }));
