import { type CachedStore, cacheStore } from "@holdfast/session-core/near-cache";
import type { SessionId } from "@holdfast/session-core/store";
import { testRow, testTombstone } from "@holdfast/store-contract";
import { createRedisStore, type RedisStore } from "@holdfast/store-redis";
import { trackInvalidations } from "@holdfast/store-redis/tracking";
import { Redis } from "ioredis";
import { createClient } from "redis";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { serviceFor } from "../../../../tools/services/programs.ts";
import { CLIENTS, type Connected } from "../support/clients.ts";
import { soon } from "../support/near.ts";
import { type PlannedFailover, startPlannedFailover } from "../support/planned.ts";
import { type OpenTracker, TRACKERS } from "../support/trackers.ts";
import { watch } from "../support/watch.ts";

const program = serviceFor("redis", "a planned fail-over under a near cache is");

describe.skipIf(program === undefined).each(Object.keys(TRACKERS) as (keyof typeof TRACKERS)[])("a planned fail-over that cuts no connection, told by %s [needs redis]", (name) => {
  let pair: PlannedFailover;
  let data: Redis;
  let tracker: OpenTracker;
  let elsewhere: Connected;
  /** In another process, on the new master. */
  let far: RedisStore;
  let inner: RedisStore;
  let near: CachedStore<RedisStore>;
  const faults: string[] = [];
  let stays: boolean;
  beforeEach(async () => {
    pair = await startPlannedFailover(program ?? "");
    const [forData, forTracker] = pair.names;
    stays = false;
    // As the README has it.
    data = new Redis({ host: "127.0.0.1", port: forData.port, retryStrategy: () => 20, reconnectOnError: (error) => (error.message.startsWith("READONLY") && !stays ? 2 : false) });
    data.on("error", () => undefined);
    tracker = await TRACKERS[name](`redis://127.0.0.1:${forTracker.port}`);
    elsewhere = await CLIENTS["ioredis 6"](pair.heir.url);
    far = createRedisStore(elsewhere.client);
    inner = createRedisStore(data);
    faults.length = 0;
    near = cacheStore(inner, { invalidations: trackInvalidations(inner, tracker.client, { onFault: (error) => faults.push(String(error)) }) });
  });
  afterEach(async () => {
    near?.cache.close();
    tracker?.close();
    data?.disconnect();
    await elsewhere?.close();
    await pair?.stop();
  });

  const isHit = async (id: SessionId): Promise<boolean> => {
    const { hits } = near.cache.stats();
    await near.read(id);
    return near.cache.stats().hits > hits;
  };
  /** A session of which this process has a copy that it uses, and one to write to. */
  const hot = async (): Promise<readonly [SessionId, SessionId]> => {
    const [row, other] = [testRow(), testRow()];
    for (const each of [row, other]) await near.create(each, { began: each.createdAt });
    await soon(async () => expect(await isHit(row.id)).toBe(true));
    return [row.id, other.id];
  };
  const writes = (id: SessionId): Promise<unknown> => soon(async () => expect(await near.touch(id, Date.now(), Date.now() + 60_000)).toBe("touched"));

  it("[D10] who is told by the old master, which hears nothing of the new one: no copy is served once the lease is over", async () => {
    const [id, other] = await hot();
    await pair.promote();
    // The data's connection meets READONLY and goes to the new master.
    await writes(other);
    await far.end(id, testTombstone());
    await soon(async () => expect((await near.read(id))?.body).toBe("ended"));
    // Before anybody repairs it nothing is served from copies, and somebody is told why.
    await soon(() => expect(faults.join()).toContain("another server"));
    expect(await isHit(other)).toBe(false);
    // Told anew, it is well again.
    pair.names[1].set("reset");
    pair.names[1].set("none");
    await soon(async () => expect(await isHit(other)).toBe(true));
    await far.end(other, testTombstone());
    await soon(async () => expect((await near.read(other))?.body).toBe("ended"));
  });

  it("[D10] who is told by the old master, which follows the new one: copies are good again, and dropped when they must be", async () => {
    const [id, other] = await hot();
    await pair.promote();
    await writes(other);
    pair.link.set("none");
    await soon(async () => expect(await isHit(id)).toBe(true));
    await far.end(id, testTombstone());
    await soon(async () => expect((await near.read(id))?.body).toBe("ended"));
  });

  it("[D10] who reads the old master while the new one tells: what was copied there is not believed later", async () => {
    // A store that beats would learn with the beat that its master is none, and read no more. This one does not hear of it.
    near.cache.close();
    near = cacheStore(inner, { invalidations: trackInvalidations(createRedisStore(data), tracker.client) });
    const [id, other] = await hot();
    stays = true;
    await pair.promote();
    const { resets } = near.cache.stats();
    pair.names[1].set("reset");
    pair.names[1].set("none");
    await soon(() => expect(near.cache.stats().resets).toBeGreaterThan(resets));
    await far.end(id, testTombstone());
    // From a master that is none comes the row of before, when all was said of it.
    await soon(async () => expect([(await near.read(id))?.body, near.cache.stats().copies]).toEqual(["live", 1]));
    stays = false;
    await writes(other);
    await soon(async () => expect(await isHit(other)).toBe(true));
    expect((await near.read(id))?.body).toBe("ended");
  });

  it("a copy costs the server no command, and its lease a small one now and then", async () => {
    // Of a lease that no machine lets run out, however slow it is for a while.
    near.cache.close();
    near = cacheStore(inner, { maxStaleness: 60_000, invalidations: trackInvalidations(inner, tracker.client) });
    const [id] = await hot();
    await data.call("CONFIG", ["RESETSTAT"]);
    for (let i = 0; i < 1000; i++) await near.read(id);
    const told = String(await data.call("INFO", ["commandstats"]));
    expect(told).not.toMatch(/^cmdstat_(get|ping):/m);
    expect(await data.call("KEYS", ["hf:~*"])).toEqual([]);
  });
});

describe.skipIf(program === undefined)("a planned fail-over that cuts no connection, one of node-redis that reads and is told [needs redis]", () => {
  it("[D10] no copy is served once the lease is over, and with the README's watch it gets to the new master", async () => {
    const pair = await startPlannedFailover(program ?? "");
    const client = createClient({ url: `redis://127.0.0.1:${pair.names[0].port}`, RESP: 3, emitInvalidate: true, socket: { reconnectStrategy: 20 } });
    client.on("error", () => undefined);
    await client.connect();
    const elsewhere = await CLIENTS["ioredis 6"](pair.heir.url);
    const inner = createRedisStore(client);
    const near = cacheStore(inner, { invalidations: trackInvalidations(inner, client) });
    let unwatch: (() => void) | undefined;
    try {
      const row = testRow();
      await near.create(row, { began: row.createdAt });
      const hit = async (): Promise<boolean> => {
        const { hits } = near.cache.stats();
        await near.read(row.id);
        return near.cache.stats().hits > hits;
      };
      await soon(async () => expect(await hit()).toBe(true));
      await pair.promote();
      await createRedisStore(elsewhere.client).end(row.id, testTombstone());
      // The beat is refused, and the store asks nothing of who refused it.
      await soon(async () => expect(await near.read(row.id).catch((error: unknown) => error)).toMatchObject({ code: "config", option: "client" }));
      unwatch = watch(client, 200);
      await soon(async () => expect((await near.read(row.id))?.body).toBe("ended"));
      await soon(async () => expect(await hit()).toBe(true));
    } finally {
      unwatch?.();
      near.cache.close();
      client.destroy();
      await elsewhere.close();
      await pair.stop();
    }
  });
});
