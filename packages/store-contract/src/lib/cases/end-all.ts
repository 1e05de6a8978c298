import type { Partition } from "@holdfast/session-core/store";
import { expect } from "vitest";
import { testId, testPartition } from "../rows.ts";
import type { Suite } from "../suite.ts";
import { idsOf, seed } from "./list.ts";

export function endAllCases({ indexed }: Suite): void {
  indexed("[D05] endAll ends every live row of the subject, with the tombstone, and names them", async (bench) => {
    const { store, tombstone, look } = bench;
    const partition = testPartition();
    const rows = await seed(bench, partition, 4);
    const stone = tombstone();
    const { ended } = await store.endAll(partition, stone);
    expect([...ended].sort()).toEqual(idsOf(rows).sort());
    expect((await store.list(partition)).rows).toEqual([]);
    for (const { id, seenAt, expiresAt } of rows) {
      expect(await look(id)).toMatchObject(stone);
      expect(await store.touch(id, seenAt + 1, expiresAt + 1)).toBe("missing");
    }
  });

  indexed("[D05] endAll ends all of more rows than one page holds", async (bench) => {
    const partition = testPartition();
    await seed(bench, partition, 130);
    expect((await bench.store.endAll(partition, bench.tombstone())).ended).toHaveLength(130);
    expect((await bench.store.list(partition)).rows).toEqual([]);
  });

  indexed("[D05] endAll with `except` keeps that one alive as it was", async (bench) => {
    const { store, tombstone, look } = bench;
    const partition = testPartition();
    const [first, kept, last] = await seed(bench, partition, 3);
    const { ended } = await store.endAll(partition, tombstone(), { except: kept?.id ?? testId() });
    expect([...ended].sort()).toEqual([first?.id, last?.id].sort());
    expect(await look(kept?.id ?? testId())).toEqual(kept);
    expect((await store.list(partition)).rows).toEqual([kept]);
  });

  indexed("endAll touches no guest, no ended or expired row and no other partition", async (bench) => {
    const { store, row, tombstone, look, clock, short } = bench;
    const [partition, neighbour] = [testPartition(), testPartition()];
    const guest = row({ id: testId(partition) });
    await store.create(guest);
    await store.create(row({ id: testId(partition), expiresAt: clock.now() + short }), { began: clock.now() });
    const [gone] = await seed(bench, partition, 1);
    const stone = tombstone({ body: "logout" });
    await store.end(gone?.id ?? testId(), stone);
    const others = await seed(bench, neighbour, 2);
    await clock.advance(short);
    expect((await store.endAll(partition, tombstone())).ended).toEqual([]);
    expect(await look(guest.id)).toEqual(guest);
    expect(await look(gone?.id ?? testId())).toMatchObject(stone);
    expect(idsOf((await store.list(neighbour)).rows)).toEqual(idsOf(others).reverse());
  });

  indexed("[D05] a sign-in that began before or at notBefore is refused, a later one passes", async (bench) => {
    const { store, row, tombstone, look } = bench;
    const partition = testPartition();
    const { notBefore } = await store.endAll(partition, tombstone());
    for (const began of [notBefore - 60_000, notBefore]) {
      const late = row({ id: testId(partition) });
      expect(await store.create(late, { began })).toEqual({ outcome: "revoked", evicted: [] });
      expect(await look(late.id)).toBeNull();
    }
    const later = row({ id: testId(partition) });
    expect((await store.create(later, { began: notBefore + 1 })).outcome).toBe("created");
    expect((await store.list(partition)).rows).toEqual([later]);
  });

  indexed("notBefore is a moment of the store's clock and never moves backwards", async (bench) => {
    const { store, tombstone, clock } = bench;
    const partition = testPartition();
    const before = clock.now();
    const first = (await store.endAll(partition, tombstone())).notBefore;
    await clock.advance(5);
    const second = (await store.endAll(partition, tombstone())).notBefore;
    expect(first).toBeGreaterThanOrEqual(before);
    expect(second).toBeGreaterThan(first);
    expect(second).toBeLessThanOrEqual(clock.now());
  });

  indexed("notBefore refuses no guest and no other partition", async ({ store, row, tombstone }) => {
    const partition = testPartition();
    const { notBefore } = await store.endAll(partition, tombstone());
    expect((await store.create(row({ id: testId(partition) }))).outcome).toBe("created");
    expect((await store.create(row(), { began: notBefore - 60_000 })).outcome).toBe("created");
  });

  indexed("an id that exists is `exists`, also where its sign-in was revoked", async (bench) => {
    const { store, tombstone } = bench;
    const partition: Partition = testPartition();
    const [first] = await seed(bench, partition, 1);
    const { notBefore } = await store.endAll(partition, tombstone());
    const again = await store.create(first ?? bench.row(), { began: notBefore });
    expect(again).toEqual({ outcome: "exists", evicted: [] });
  });
}
