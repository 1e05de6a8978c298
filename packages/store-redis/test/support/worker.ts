// A process of its own on a server that others use.
import { createRedisStore } from "@holdfast/store-redis";
import { runTask } from "../../../store-contract/test/shared/tasks.ts";
import { CLIENTS } from "./clients.ts";
import type { Address } from "./engine.ts";

await runTask(async (address) => {
  const { client, url, prefix } = JSON.parse(address) as Address;
  return createRedisStore((await CLIENTS[client](url)).client, { prefix });
});
