import { type CachedStore, cacheStore } from "@holdfast/session-core/near-cache";
import { describeStore, testPartition, testId, testRow, testTombstone } from "@holdfast/store-contract";
import { createRedisStore, type RedisStore } from "@holdfast/store-redis";
import { trackInvalidations } from "@holdfast/store-redis/tracking";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { serviceFor } from "../../../../tools/services/programs.ts";
import { startRedis } from "../../../../tools/services/redis.ts";
import type { Server } from "../../../../tools/services/server.ts";
import { CLIENTS, type Connected } from "../support/clients.ts";
import { type OpenTracker, TRACKERS } from "../support/trackers.ts";

const REVOCATIONS = process.env["HOLDFAST_DRILL"] === "1" ? 2500 : 200;
/** Until something that a real server does in its own time has come about. */
const soon = (check: () => unknown): Promise<unknown> => vi.waitFor(check, { timeout: 20_000, interval: 5 });

for (const service of ["redis", "valkey"] as const) {
  const program = serviceFor(service, "the near cache is");
  describe.skipIf(program === undefined)(`the near cache on ${service} [needs ${service}]`, () => {
    let server: Server;
    beforeAll(async () => void (server = await startRedis(program ?? "")));
    afterAll(() => server?.stop());

    for (const [name, track] of Object.entries(TRACKERS)) {
      describe(`told by ${name}`, () => {
        let data: Connected;
        let elsewhere: Connected;
        let tracker: OpenTracker;
        let far: RedisStore;
        let near: CachedStore<RedisStore>;
        const faults: unknown[] = [];

        beforeAll(async () => {
          data = await CLIENTS["ioredis 6"](server.port);
          elsewhere = await CLIENTS["node-redis 6"](server.port);
          far = createRedisStore(elsewhere.client);
        });
        beforeEach(async () => {
          tracker = await track(server.port);
          const store = createRedisStore(data.client);
          near = cacheStore(store, { invalidations: trackInvalidations(store, tracker.client, { onFault: (error) => faults.push(error) }) });
          await soon(() => expect(near.cache.stats().resets).toBeGreaterThan(0));
        });
        afterEach(() => {
          near.cache.close();
          tracker.close();
          faults.length = 0;
        });
        afterAll(async () => {
          await data.close();
          await elsewhere.close();
        });

        /** A session that this process has a copy of, which it uses. */
        const hot = async () => {
          const row = testRow();
          await far.create(row, { began: row.createdAt });
          await soon(async () => {
            await near.read(row.id);
            const { hits } = near.cache.stats();
            await near.read(row.id);
            expect(near.cache.stats().hits).toBe(hits + 1);
          });
          return row;
        };
        const ends = (id: Parameters<typeof near.read>[0]): Promise<unknown> => soon(async () => expect((await near.read(id))?.body).toBe("ended"));

        it("[D10] what another process ends is dropped here, each time", async () => {
          for (let i = 0; i < REVOCATIONS; i++) {
            const row = testRow();
            await near.create(row, { began: row.createdAt });
            await near.read(row.id);
            await far.end(row.id, testTombstone());
            await ends(row.id);
          }
        });

        it("[D10] also after this process has written itself, and when all sessions of a subject end", async () => {
          const partition = testPartition();
          const rows = [testRow({ id: testId(partition) }), testRow({ id: testId(partition) })];
          for (const row of rows) {
            await near.create(row, { began: row.createdAt });
            await near.touch(row.id, row.seenAt + 1, row.expiresAt + 1);
            await near.read(row.id);
          }
          await far.endAll(partition, testTombstone());
          for (const { id } of rows) await ends(id);
        });

        it("[D10] a connection that is cut with the revocation: the copy is not served for longer than the lease, and the stream mends itself", async () => {
          const row = await hot();
          const { resets } = near.cache.stats();
          await elsewhere.command("", "CLIENT", "KILL", "TYPE", name.startsWith("ioredis") ? "pubsub" : "normal", "SKIPME", "yes");
          await soon(() => far.end(row.id, testTombstone()));
          await ends(row.id);
          await soon(() => expect(near.cache.stats().resets).toBeGreaterThan(resets));
          const next = await hot();
          await far.end(next.id, testTombstone());
          await ends(next.id);
        });

        it("[D10] a server that is deaf: no copy is believed once the lease has run out", async () => {
          const row = await hot();
          await server.signal("SIGSTOP");
          try {
            await soon(() => {
              // Nobody answers it, and nothing is made up.
              near.read(row.id, { signal: AbortSignal.timeout(1) }).catch(() => undefined);
              expect(near.cache.stats().lapses).toBeGreaterThan(0);
            });
          } finally {
            await server.signal("SIGCONT");
          }
          await soon(async () => expect((await near.read(row.id))?.body).toBe("live"));
        });

        it("a server that was emptied, or killed and started again, leaves no copy behind", async () => {
          const row = await hot();
          await elsewhere.command("", "FLUSHALL");
          await soon(async () => expect(await near.read(row.id)).toBeNull());
          const next = await hot();
          await server.restart();
          await soon(async () => expect(await near.read(next.id)).toBeNull());
          const last = await hot();
          await far.end(last.id, testTombstone());
          await ends(last.id);
        });
      });
    }

    describeStore(
      `near cache on ${service}`,
      async () => {
        const data = await CLIENTS["ioredis 6"](server.port);
        const tracker = await TRACKERS["node-redis 6"](server.port);
        const inner = createRedisStore(data.client);
        const store = cacheStore(inner, { invalidations: trackInvalidations(inner, tracker.client) });
        return {
          store,
          dispose: async () => {
            store.cache.close();
            tracker.close();
            await data.close();
          },
        };
      },
      { index: true, clock: "engine", durability: "async", evicts: false, cached: true },
    );

    it("a user who may not track is told so, and every read goes to the server", async () => {
      const admin = await CLIENTS["ioredis 6"](server.port);
      await admin.command("", "ACL", "SETUSER", "default", "-client|tracking");
      const tracker = await TRACKERS["ioredis 6"](server.port);
      const faults: unknown[] = [];
      const inner = createRedisStore(admin.client);
      const store = cacheStore(inner, { invalidations: trackInvalidations(inner, tracker.client, { onFault: (error) => faults.push(error) }) });
      try {
        await soon(() => expect(String(faults[0])).toMatch(/NOPERM/));
        const row = testRow();
        await store.create(row);
        await store.read(row.id);
        await store.read(row.id);
        expect(store.cache.stats()).toMatchObject({ hits: 0, misses: 2 });
      } finally {
        store.cache.close();
        tracker.close();
        await admin.command("", "ACL", "SETUSER", "default", "+client|tracking");
        await admin.close();
      }
    });

    it("a client that would never be told is refused", async () => {
      const { createClient } = await import("redis");
      const { Redis } = await import("ioredis");
      const store = { keyPrefix: "hf:" };
      const plain = createClient({ url: `redis://127.0.0.1:${server.port}` });
      const three = new Redis(server.port, "127.0.0.1", { lazyConnect: true });
      for (const client of [plain, three, undefined, {}]) expect(() => trackInvalidations(store, client as never)).toThrow(expect.objectContaining({ code: "config", option: "client" }));
      three.disconnect();
    });
  });
}
