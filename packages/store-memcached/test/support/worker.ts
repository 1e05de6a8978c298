// A process of its own on nodes that others use.
import { createMemcachedStore } from "@holdfast/store-memcached";
import { runTask } from "../../../store-contract/test/shared/tasks.ts";
import { indexed } from "./indexed.ts";
import { connectTo } from "./nodes.ts";

await runTask(async (address) => indexed(createMemcachedStore(connectTo(JSON.parse(address) as { port: number }[]), { evicts: true }), new Set()));
