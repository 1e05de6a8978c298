import type { Partition } from "@holdfast/session-core/store";
import { testId, testPartition, testRow, testTombstone } from "@holdfast/store-contract";
import { createRedisStore } from "@holdfast/store-redis";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { serviceFor } from "../../../../tools/services/programs.ts";
import { askRedis, untilRedis } from "../../../../tools/services/redis-ask.ts";
import { type RedisCluster, startRedisCluster } from "../../../../tools/services/redis-cluster.ts";
import type { Server } from "../../../../tools/services/server.ts";
import { CLUSTER_CLIENTS } from "../support/clients.ts";

const program = serviceFor("redis", "a slot that moves is");

describe.skipIf(program === undefined)("a slot of a cluster that moves [needs redis]", () => {
  let cluster: RedisCluster;
  beforeAll(async () => void (cluster = await startRedisCluster(program ?? "")));
  afterAll(() => cluster?.stop());

  const nameOf = async ({ port }: Server): Promise<string> => /[0-9a-f]{40}/.exec(await askRedis(port, "CLUSTER MYID"))?.[0] ?? "";

  const slotOf = async (partition: string): Promise<number> => Number(/^:(\d+)/.exec(await askRedis(cluster.masters[0]?.port ?? 0, `CLUSTER KEYSLOT {${partition}}`))?.[1]);
  const moved = new Set<number>();
  /** A subject in a slot that nothing has moved, and nothing else will. */
  const unmoved = async (): Promise<Partition> => {
    for (;;) {
      const partition = testPartition();
      const slot = await slotOf(partition);
      if (moved.has(slot)) continue;
      moved.add(slot);
      return partition;
    }
  };

  /** Tells the nodes that the slot of these keys moves. Returns what moves them and ends that. */
  const depart = async (partition: string): Promise<() => Promise<void>> => {
    const slot = await slotOf(partition);
    const from = cluster.masterOf(slot);
    const to = cluster.masters.find(({ port }) => port !== from.port) ?? from;
    const heir = await nameOf(to);
    await untilRedis(to.port, `CLUSTER SETSLOT ${slot} IMPORTING ${await nameOf(from)}`, /^\+OK/);
    await untilRedis(from.port, `CLUSTER SETSLOT ${slot} MIGRATING ${heir}`, /^\+OK/);
    return async () => {
      const keys = [...(await askRedis(from.port, `CLUSTER GETKEYSINSLOT ${slot} 100`)).matchAll(/hf:\S+/g)].join(" ");
      await untilRedis(from.port, `MIGRATE 127.0.0.1 ${to.port} "" 0 5000 KEYS ${keys}`, /^\+(OK|NOKEY)/);
      for (const { port } of [to, from, ...cluster.masters]) await untilRedis(port, `CLUSTER SETSLOT ${slot} NODE ${heir}`, /^\+OK/);
    };
  };

  it.each(Object.entries(CLUSTER_CLIENTS))("on its way it takes no sign-ins, lists and revocations of all, and everything else; once it has moved, everything: with %s", async (_name, connect) => {
    const connected = await connect(cluster.masters.map(({ port }) => port));
    try {
      const store = createRedisStore(connected.client);
      const partition = await unmoved();
      const [member, leaving, guest] = [testRow({ id: testId(partition) }), testRow({ id: testId(partition) }), testRow({ id: testId(await unmoved()) })];
      for (const row of [member, leaving]) await store.create(row, { began: Date.now() });
      await store.create(guest);
      const arrive = [await depart(partition), await depart(guest.id.slice(0, 12))];

      const later = member.expiresAt + 1000;
      expect((await store.read(member.id))?.body).toBe("live");
      expect(await store.touch(member.id, member.seenAt + 1, later)).toBe("touched");
      expect(await store.update({ ...member, revision: 1 }, 0)).toBe("updated");
      expect(await store.end(leaving.id, testTombstone())).toBe("ended");
      expect((await store.read(leaving.id))?.body).toBe("ended");
      // Keys that are not there may have moved already, so the server refuses. Were they left out of what a script declares, the other node
      // would take a member of the index whose row is still here for one that has gone.
      const refused = [store.create(testRow({ id: testId(partition) }), { began: Date.now() }), store.list(partition), store.endAll(partition, testTombstone()), store.update({ ...guest, revision: 1 }, 0)];
      // ioredis tries again sixteen times.
      for (const outcome of await Promise.allSettled(refused)) expect(outcome).toMatchObject({ status: "rejected", reason: { message: expect.stringMatching(/^TRYAGAIN|Too many Cluster redirections/) } });

      for (const arrives of arrive) await arrives();
      expect((await store.read(member.id))?.revision).toBe(1);
      expect((await store.read(leaving.id))?.body).toBe("ended");
      expect(await store.update({ ...guest, revision: 1 }, 0)).toBe("updated");
      const next = testRow({ id: testId(partition) });
      expect((await store.create(next, { began: Date.now() })).outcome).toBe("created");
      expect((await store.list(partition)).rows.map(({ id }) => id).sort()).toEqual([member.id, next.id].sort());
      expect((await store.endAll(partition, testTombstone())).ended.toSorted()).toEqual([member.id, next.id].sort());
    } finally {
      await connected.close();
    }
  });
});
