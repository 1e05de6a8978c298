import { testPartition, testRow, testTombstone } from "@holdfast/store-contract";
import { createRedisStore, type RedisReplicas, type RedisStore, type UnmetReplicas } from "@holdfast/store-redis";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { serviceFor } from "../../../../tools/services/programs.ts";
import { startRedis } from "../../../../tools/services/redis.ts";
import { untilRedis } from "../../../../tools/services/redis-ask.ts";
import type { Server } from "../../../../tools/services/server.ts";
import { CLIENTS, type Connected } from "../support/clients.ts";

const program = serviceFor("redis", "waiting for replicas is");

for (const name of ["node-redis 6", "ioredis 6"] as const) {
  describe.skipIf(program === undefined)(`durable writes with ${name} [needs redis]`, () => {
    let master: Server;
    let replica: Server;
    let reading: Connected;
    let writing: Connected;
    let unmet: UnmetReplicas[];
    const storeWith = (options: Partial<RedisReplicas> = {}): RedisStore =>
      createRedisStore(reading.client, { replicas: { client: writing.client, timeoutMs: 60_000, onUnmet: (write) => void unmet.push(write), ...options } });
    beforeAll(async () => {
      master = await startRedis(program ?? "", { args: ["--repl-diskless-sync-delay", "0"] });
      replica = await startRedis(program ?? "", { args: ["--replicaof", "127.0.0.1", String(master.port)] });
      await untilRedis(replica.port, "INFO replication", /master_link_status:up/);
      reading = await CLIENTS[name](master.url);
      writing = await CLIENTS[name](master.url);
    });
    beforeEach(() => void (unmet = []));
    afterAll(async () => {
      await reading?.close();
      await writing?.close();
      for (const server of [replica, master]) await server?.stop();
    });

    it("are on the replica when they are acknowledged", async () => {
      const store = storeWith();
      expect(store.capabilities.durability).toBe("replicated");
      const { client, close } = await CLIENTS[name](replica.url);
      const copy = createRedisStore(client);
      const durable = { durable: true };
      for (let i = 0; i < 20; i++) {
        const row = testRow();
        await store.create(row, i % 2 ? { began: Date.now() } : undefined, durable);
        expect(await copy.read(row.id)).toEqual(row);
        await store.update({ ...row, revision: 1, body: "second" }, 0, durable);
        expect((await copy.read(row.id))?.body).toBe("second");
        await store.end(row.id, testTombstone(), durable);
        expect((await copy.read(row.id))?.body).toBe("ended");
      }
      expect(unmet).toEqual([]);
      await close();
    });

    it("that no replica has in time took effect, and are told", async () => {
      const store = storeWith({ timeoutMs: 50 });
      const row = testRow();
      await replica.signal("SIGSTOP");
      try {
        expect((await store.create(row, { began: Date.now() }, { durable: true })).outcome).toBe("created");
        expect(await store.end(row.id, testTombstone(), { durable: true })).toBe("ended");
        await store.endAll(testPartition(), testTombstone(), { durable: true });
        expect(unmet).toEqual(["create", "end", "endAll"].map((verb) => ({ verb, acknowledged: 0 })));
        expect((await store.read(row.id))?.body).toBe("ended");
        // Housekeeping waits for nobody.
        expect(await store.touch(row.id, 1, 2)).toBe("missing");
        expect(unmet).toHaveLength(3);
      } finally {
        await replica.signal("SIGCONT");
      }
    });

    it("reject with what onUnmet throws", async () => {
      const tooFew = new Error("too few replicas");
      const store = storeWith({ acknowledge: 2, timeoutMs: 50, onUnmet: () => { throw tooFew; } });
      const row = testRow();
      await expect(store.create(row, undefined, { durable: true })).rejects.toBe(tooFew);
      expect(await store.read(row.id)).toEqual(row);
    });

    it("do not hold up reads, however long they wait", async () => {
      // Longer than any read may take here: it ends when it is given up.
      const waiting = await CLIENTS[name](master.url);
      const store = storeWith({ client: waiting.client, acknowledge: 2, timeoutMs: 300_000 });
      const controller = new AbortController();
      const write = store.create(testRow(), undefined, { durable: true, signal: controller.signal }).catch((reason: unknown) => reason);
      const row = testRow();
      await createRedisStore(reading.client).create(row);
      expect(await store.read(row.id)).toEqual(row);
      const over = new Error("it waits still");
      controller.abort(over);
      expect(await write).toBe(over);
      await waiting.close();
    });

    it("options that could wait for ever, for nobody or in silence are refused", () => {
      for (const [option, given] of Object.entries({ acknowledge: { acknowledge: 0 }, timeoutMs: { timeoutMs: 0 }, onUnmet: { onUnmet: undefined as never }, client: { client: {} as never } })) {
        expect(() => storeWith(given)).toThrow(expect.objectContaining({ code: "config", option: `replicas.${option}` }));
      }
    });
  });
}
