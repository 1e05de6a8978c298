// A process of its own on nodes that others use.
import { createMemcachedStore } from "@holdfast/store-memcached";
import { runTask } from "../../../store-contract/test/shared/tasks.ts";
import type { WorkerPlace } from "./engine.ts";
import { indexed } from "./indexed.ts";
import { connectTo } from "./nodes.ts";

await runTask(async (address) => {
  const { nodes, prefix } = JSON.parse(address) as WorkerPlace;
  return indexed(createMemcachedStore(connectTo(nodes), { evicts: true, prefix }), new Set());
});
