import { testRow, testTombstone } from "@holdfast/store-contract";
import { partitionOf } from "@holdfast/session-core/store-kit";
import { createRedisStore } from "@holdfast/store-redis";
import { afterEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { serviceFor } from "../../../../tools/services/programs.ts";
import { startRedis } from "../../../../tools/services/redis.ts";
import { CLIENTS } from "../support/clients.ts";
import { placesOn } from "../support/place.ts";

const program = serviceFor("redis", "a Redis that is given is");
afterEach(() => void vi.unstubAllEnvs());

describe.skipIf(program === undefined)("the tests on a Redis that is given [needs redis]", () => {
  it("use it, keep to keys of their own there and leave none", async () => {
    const server = await startRedis(program ?? "");
    const { client, command, close } = await CLIENTS["node-redis 6"](server.url);
    onTestFinished(async () => {
      await close();
      await server.stop();
    });
    await command("", "SET", "hf:of somebody else", "stays");
    vi.stubEnv("REDIS_URL", server.url);
    const place = await placesOn("redis", "nothing").open();
    expect(place.url).toBe(server.url);
    const store = createRedisStore(client, { prefix: place.prefix });
    for (let i = 0; i < 30; i++) {
      const row = testRow();
      await store.create(row, { began: row.createdAt });
      if (i % 2) await store.endAll(partitionOf(row.id), testTombstone());
    }
    expect(Number(await command("", "DBSIZE"))).toBeGreaterThan(60);
    await place.remove();
    expect(await command("", "KEYS", "*")).toEqual(["hf:of somebody else"]);
  });
});
