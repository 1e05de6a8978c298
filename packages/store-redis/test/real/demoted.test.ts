import type { StoredSession } from "@holdfast/session-core/store";
import { testRow, testTombstone } from "@holdfast/store-contract";
import { createRedisStore, type RedisStore } from "@holdfast/store-redis";
import { createClient } from "redis";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { serviceFor } from "../../../../tools/services/programs.ts";
import { askRedis } from "../../../../tools/services/redis-ask.ts";
import { CLIENTS } from "../support/clients.ts";
import { soon } from "../support/near.ts";
import { type PlannedFailover, startPlannedFailover } from "../support/planned.ts";
import { watch } from "../support/watch.ts";

const program = serviceFor("redis", "a master that becomes a replica is");
const left: (() => unknown)[] = [];

describe.skipIf(program === undefined)("a master that became a replica under a living connection [needs redis]", () => {
  let pair: PlannedFailover;
  let far: RedisStore;
  beforeEach(async () => {
    pair = await startPlannedFailover(program ?? "");
    const { client, close } = await CLIENTS["ioredis 6"](pair.heir.url);
    left.push(close);
    far = createRedisStore(client);
  });
  afterEach(async () => {
    for (const end of left.splice(0)) await end();
    await pair?.stop();
  });
  const name = (): string => `redis://127.0.0.1:${pair.names[0].port}`;
  /** A session that the new master has ended, and of which the old one has not heard. */
  const ended = async (store: RedisStore): Promise<StoredSession> => {
    const row = testRow();
    await store.create(row, { began: row.createdAt });
    await pair.promote();
    await far.end(row.id, testTombstone());
    return row;
  };

  it.each(Object.keys(CLIENTS) as (keyof typeof CLIENTS)[])("is not read any more once it refused a write, until the connection leads to the master, with %s", async (client) => {
    const connected = await CLIENTS[client](name());
    left.push(connected.close);
    const store = createRedisStore(connected.client);
    const { id } = await ended(store);
    // Nobody can know yet.
    expect((await store.read(id))?.body).toBe("live");
    await expect(store.touch(id, Date.now(), Date.now() + 60_000)).rejects.toThrow(/^READONLY/);
    const partition = id.slice(0, 12) as never;
    for (let i = 0; i < 2; i++) {
      await expect(store.read(id)).rejects.toMatchObject({ code: "config", option: "client" });
      await expect(store.list(partition)).rejects.toMatchObject({ code: "config", option: "client" });
      await expect(store.create(testRow())).rejects.toMatchObject({ code: "config", option: "client" });
    }
    pair.names[0].set("reset");
    pair.names[0].set("none");
    await soon(async () => expect((await store.read(id))?.body).toBe("ended"));
    expect((await store.create(testRow())).outcome).toBe("created");
  });

  it("that is followed by one which may drop sessions: reads go on, sign-ins are refused", async () => {
    const { client, close } = await CLIENTS["ioredis 6"](name());
    left.push(close);
    const store = createRedisStore(client);
    const { id } = await ended(store);
    await expect(store.touch(id, Date.now(), Date.now() + 60_000)).rejects.toThrow(/^READONLY/);
    await askRedis(pair.heir.port, "CONFIG SET maxmemory 1gb");
    await askRedis(pair.heir.port, "CONFIG SET maxmemory-policy allkeys-lru");
    pair.names[0].set("reset");
    pair.names[0].set("none");
    await soon(async () => expect((await store.read(id))?.body).toBe("ended"));
    await expect(store.create(testRow())).rejects.toMatchObject({ code: "config", option: "evicts" });
  });

  it("is left by node-redis with the README's watch, without a request", async () => {
    const client = createClient({ url: name() });
    client.on("error", () => undefined);
    await client.connect();
    left.push(() => client.destroy());
    const store = createRedisStore(client);
    const { id } = await ended(store);
    left.unshift(watch(client, 200));
    await soon(async () => expect((await store.read(id))?.body).toBe("ended"));
    // It is impatient, so on a slow machine it leaves the new master once more.
    await soon(async () => expect((await store.create(testRow(), { began: Date.now() })).outcome).toBe("created"));
  });

  it("is left by ioredis with the README's option, with the write that meets it", async () => {
    const { Redis } = await import("ioredis");
    const client = new Redis(name(), { reconnectOnError: (error) => (error.message.startsWith("READONLY") ? 2 : false) });
    client.on("error", () => undefined);
    left.push(() => client.disconnect());
    const store = createRedisStore(client);
    const { id } = await ended(store);
    expect(await store.touch(id, Date.now(), Date.now() + 60_000)).toBe("missing");
    expect((await store.read(id))?.body).toBe("ended");
  });
});
