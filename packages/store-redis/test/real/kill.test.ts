import { createRedisStore } from "@holdfast/store-redis";
import { describe } from "vitest";
import { serviceFor } from "../../../../tools/services/programs.ts";
import { startRedis } from "../../../../tools/services/redis.ts";
import { itSurvivesKill } from "../../../store-contract/test/shared/kill.ts";
import { CLIENTS } from "../support/clients.ts";

const program = serviceFor("redis", "a kill of the server is");

describe.skipIf(program === undefined)("kill -9 of the server [needs redis]", () => {
  itSurvivesKill("redis with appendfsync always", async () => {
    const server = await startRedis(program ?? "", { args: ["--appendonly", "yes", "--appendfsync", "always"] });
    const { client, close } = await CLIENTS["node-redis 6"](server.url);
    return { server, store: createRedisStore(client), close };
  });
});
