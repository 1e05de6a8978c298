import type { CreateGuard, Partition, SessionId } from "@holdfast/session-core/store";
import { expect } from "vitest";
import { testId, testPartition } from "../rows.ts";
import type { Bench, Indexed, Suite } from "../suite.ts";
import { idsOf, seed } from "./list.ts";

type WhenFull = NonNullable<CreateGuard["limit"]>["whenFull"];

const guardOf = ({ clock, tombstone }: Bench, max: number, whenFull: WhenFull): CreateGuard => ({
  began: clock.now(),
  limit: { max, whenFull, tombstone: tombstone({ writeId: "evicting-write", body: "evicted" }) },
});

const listed = async ({ store }: Bench<Indexed>, partition: Partition): Promise<SessionId[]> =>
  idsOf((await store.list(partition)).rows).sort();

export function limitCases({ indexed }: Suite): void {
  indexed("[D08] reject: the last free place is taken, the next create is `full` and stores nothing", async (bench) => {
    const { store, row, look } = bench;
    const partition = testPartition();
    const rows = await seed(bench, partition, 2);
    const third = row({ id: testId(partition) });
    const fourth = row({ id: testId(partition) });
    expect(await store.create(third, guardOf(bench, 3, "reject"))).toEqual({ outcome: "created", evicted: [] });
    expect(await store.create(fourth, guardOf(bench, 3, "reject"))).toEqual({ outcome: "full", evicted: [] });
    expect(await look(fourth.id)).toBeNull();
    expect(await listed(bench, partition)).toEqual(idsOf([...rows, third]).sort());
  });

  indexed("[D08] evict-oldest: exactly the smallest createdAt ends, with the tombstone", async (bench) => {
    const { store, row, look } = bench;
    const partition = testPartition();
    const [oldest, ...rest] = await seed(bench, partition, 3);
    const fresh = row({ id: testId(partition) });
    const guard = guardOf(bench, 3, "evict-oldest");
    const id = oldest?.id ?? testId();
    expect(await store.create(fresh, guard)).toEqual({ outcome: "created", evicted: [id] });
    expect(await look(id)).toMatchObject(guard.limit?.tombstone ?? {});
    expect(await store.touch(id, Date.now(), Date.now() + 60_000)).toBe("missing");
    expect(await listed(bench, partition)).toEqual(idsOf([...rest, fresh]).sort());
  });

  indexed("evict-oldest goes by createdAt, not by the order of writing or the last activity", async (bench) => {
    const { store, row, clock } = bench;
    const partition = testPartition();
    const now = clock.now();
    const newer = row({ id: testId(partition), createdAt: now - 1000, seenAt: now - 1000 });
    const older = row({ id: testId(partition), createdAt: now - 9000 });
    await store.create(newer, { began: now });
    await store.create(older, { began: now });
    await store.touch(older.id, now + 10, now + 4_000_000);
    const { evicted } = await store.create(row({ id: testId(partition) }), guardOf(bench, 2, "evict-oldest"));
    expect(evicted).toEqual([older.id]);
  });

  indexed("evict-oldest under a lowered limit ends as many as it takes", async (bench) => {
    const partition = testPartition();
    const rows = await seed(bench, partition, 5);
    const fresh = bench.row({ id: testId(partition) });
    const { outcome, evicted } = await bench.store.create(fresh, guardOf(bench, 2, "evict-oldest"));
    expect(outcome).toBe("created");
    expect([...evicted].sort()).toEqual(idsOf(rows.slice(0, 4)).sort());
    expect(await listed(bench, partition)).toEqual(idsOf([...rows.slice(4), fresh]).sort());
  });

  for (const whenFull of ["reject", "evict-oldest"] as const) {
    indexed(`${whenFull}: guests, ended and expired rows and other partitions take no place`, async (bench) => {
      const { store, row, tombstone, clock, short } = bench;
      const partition = testPartition();
      const [ended] = await seed(bench, partition, 1);
      await store.end(ended?.id ?? testId(), tombstone());
      await store.create(row({ id: testId(partition) }));
      await store.create(row({ id: testId(partition), expiresAt: clock.now() + short }), { began: clock.now() });
      await seed(bench, testPartition(), 3);
      await clock.advance(short);
      const created = { outcome: "created", evicted: [] };
      expect(await store.create(row({ id: testId(partition) }), guardOf(bench, 1, whenFull))).toEqual(created);
    });

    indexed(`${whenFull}: a repeated create at the limit is \`exists\` and evicts nobody`, async (bench) => {
      const partition = testPartition();
      const rows = await seed(bench, partition, 2);
      const [first, second] = rows;
      for (const member of [first, second]) {
        const again = await bench.store.create(member ?? bench.row(), guardOf(bench, 2, whenFull));
        expect(again).toEqual({ outcome: "exists", evicted: [] });
      }
      expect(await listed(bench, partition)).toEqual(idsOf(rows).sort());
    });
  }

  for (const whenFull of ["reject", "evict-oldest"] as const) {
    indexed(`[D08] ${whenFull}: the row that is replaced takes no place, and becomes its tombstone with the create`, async (bench) => {
      const { store, row, tombstone, look } = bench;
      const partition = testPartition();
      const [oldest, second] = await seed(bench, partition, 2);
      const stone = tombstone({ body: "replaced" });
      const id = second?.id ?? testId();
      const fresh = row({ id: testId(partition) });
      const guard = { ...guardOf(bench, 2, whenFull), replaces: { id, tombstone: stone } };
      expect(await store.create(fresh, guard)).toEqual({ outcome: "created", evicted: [] });
      expect(await look(id)).toMatchObject(stone);
      expect(await store.touch(id, Date.now(), Date.now() + 60_000)).toBe("missing");
      expect(await listed(bench, partition)).toEqual([oldest?.id, fresh.id].sort());
    });

    indexed(`${whenFull}: a replaced row that is missing changes nothing`, async (bench) => {
      const { store, row, tombstone, look } = bench;
      const partition = testPartition();
      const [ended, other] = await seed(bench, partition, 2);
      const id = ended?.id ?? testId();
      const stone = tombstone({ body: "ended before" });
      await store.end(id, stone);
      for (const gone of [id, testId(partition)]) {
        const { outcome } = await store.create(row({ id: testId(partition) }), { ...guardOf(bench, 1, whenFull), replaces: { id: gone, tombstone: tombstone() } });
        expect(outcome).toBe(whenFull === "reject" ? "full" : "created");
      }
      expect(await look(id)).toMatchObject(stone);
      if (whenFull === "reject") expect(await listed(bench, partition)).toEqual([other?.id]);
    });
  }

  indexed("a create with a replaced row and no limit ends it, and one that creates nothing leaves it alone", async (bench) => {
    const { store, row, tombstone, clock } = bench;
    const partition = testPartition();
    const { notBefore } = await store.endAll(partition, tombstone());
    const old = row({ id: testId(partition) });
    const other = row({ id: testId(partition) });
    for (const member of [old, other]) await store.create(member, { began: notBefore + 1 });
    const began = Math.max(clock.now(), notBefore + 1);
    const replaces = { id: old.id, tombstone: tombstone() };
    expect((await store.create(other, { began, replaces })).outcome).toBe("exists");
    expect((await store.create(row({ id: testId(partition) }), { began: notBefore, replaces })).outcome).toBe("revoked");
    expect((await store.create(row({ id: testId(partition) }), { ...guardOf(bench, 1, "reject"), began, replaces })).outcome).toBe("full");
    expect(await listed(bench, partition)).toEqual([old.id, other.id].sort());
    const fresh = row({ id: testId(partition) });
    expect(await store.create(fresh, { began, replaces })).toEqual({ outcome: "created", evicted: [] });
    expect(await listed(bench, partition)).toEqual([other.id, fresh.id].sort());
  });

  indexed("a create that is refused as revoked evicts nobody", async (bench) => {
    const { store, row, tombstone } = bench;
    const partition = testPartition();
    const { notBefore } = await store.endAll(partition, tombstone());
    const member = row({ id: testId(partition) });
    await store.create(member, { began: notBefore + 1 });
    const guard = { ...guardOf(bench, 1, "evict-oldest"), began: notBefore };
    expect(await store.create(row({ id: testId(partition) }), guard)).toEqual({ outcome: "revoked", evicted: [] });
    expect(await listed(bench, partition)).toEqual([member.id]);
  });
}
