import { cacheStore } from "@holdfast/session-core/near-cache";
import { testRow, testTombstone } from "@holdfast/store-contract";
import { createRedisStore } from "@holdfast/store-redis";
import { trackInvalidations } from "@holdfast/store-redis/tracking";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { serviceFor } from "../../../../tools/services/programs.ts";
import { startRedis } from "../../../../tools/services/redis.ts";
import type { Server } from "../../../../tools/services/server.ts";
import { CLIENTS } from "../support/clients.ts";
import { nearCache, soon } from "../support/near.ts";
import { TRACKERS } from "../support/trackers.ts";

for (const service of ["redis", "valkey"] as const) {
  const program = serviceFor(service, "the near cache while its server fails is");
  describe.skipIf(program === undefined)(`the near cache while ${service} fails [needs ${service}]`, () => {
    let server: Server;
    beforeAll(async () => void (server = await startRedis(program ?? "")));
    afterAll(() => server?.stop());

    for (const name of Object.keys(TRACKERS) as (keyof typeof TRACKERS)[]) {
      describe(`told by ${name}`, () => {
        const near = nearCache(name, () => ({ url: server.url, prefix: "hf:" }));

        it("[D10] a connection that is cut with the revocation: the copy is not served for longer than the lease, and the stream mends itself", async () => {
          const { store, far, elsewhere, hot, ends } = near;
          const row = await hot();
          const { resets } = store.cache.stats();
          await elsewhere.command("", "CLIENT", "KILL", "TYPE", name.startsWith("ioredis") ? "pubsub" : "normal", "SKIPME", "yes");
          await soon(() => far.end(row.id, testTombstone()));
          await ends(row.id);
          await soon(() => expect(store.cache.stats().resets).toBeGreaterThan(resets));
          const next = await hot();
          await far.end(next.id, testTombstone());
          await ends(next.id);
        });

        it("[D10] a server that is deaf: no copy is believed once the lease has run out", async () => {
          const { store, hot } = near;
          const row = await hot();
          await server.signal("SIGSTOP");
          try {
            await soon(() => {
              // Nobody answers it, and nothing is made up.
              store.read(row.id, { signal: AbortSignal.timeout(1) }).catch(() => undefined);
              expect(store.cache.stats().lapses).toBeGreaterThan(0);
            });
          } finally {
            await server.signal("SIGCONT");
          }
          await soon(async () => expect((await store.read(row.id))?.body).toBe("live"));
        });

        it("a server that was emptied leaves no copy behind", async () => {
          const { store, elsewhere, hot } = near;
          const row = await hot();
          await elsewhere.command("", "FLUSHALL");
          await soon(async () => expect(await store.read(row.id)).toBeNull());
          await hot();
        });

        // node-redis 5.9 may take itself for connected to a server that has just died, for good (README, Limits): then there is nothing to be told of.
        if (name !== "node-redis 5") it("nor does one that was killed and started again", async () => {
          const { store, far, hot, ends } = near;
          const next = await hot();
          await server.restart();
          await soon(async () => expect(await store.read(next.id)).toBeNull());
          const last = await hot();
          await far.end(last.id, testTombstone());
          await ends(last.id);
        });
      });
    }

    it("a user who may not track is told so, and every read goes to the server", async () => {
      const admin = await CLIENTS["ioredis 6"](server.url);
      await admin.command("", "ACL", "SETUSER", "default", "-client|tracking");
      const tracker = await TRACKERS["ioredis 6"](server.url);
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
  });
}
