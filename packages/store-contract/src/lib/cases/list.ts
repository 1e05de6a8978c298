import type { Partition, SessionId, StoredSession } from "@holdfast/session-core/store";
import { partitionOf } from "@holdfast/session-core/store-kit";
import { expect } from "vitest";
import { testId, testPartition } from "../rows.ts";
import type { Bench, Indexed, Suite } from "../suite.ts";

/** `count` members of the partition, the last one the newest. */
export async function seed({ store, row, clock }: Bench<Indexed>, partition: Partition, count: number): Promise<StoredSession[]> {
  const rows: StoredSession[] = [];
  for (let i = 0; i < count; i += 1) rows.push(row({ id: testId(partition), createdAt: clock.now() - 1000 * (count - i) }));
  for (const member of rows) await store.create(member, { began: clock.now() });
  return rows;
}

export const idsOf = (rows: readonly StoredSession[]): SessionId[] => rows.map(({ id }) => id);

export function listCases({ indexed }: Suite): void {
  indexed("an unknown partition has no rows and no next page", async ({ store }) => {
    expect(await store.list(testPartition())).toEqual({ rows: [] });
  });

  indexed("list gives whole rows, the newest createdAt first", async (bench) => {
    const { store, clock, row } = bench;
    const partition = testPartition();
    const now = clock.now();
    const times = [now - 2000, now, now - 3000, now - 1000];
    const rows = times.map((createdAt) => row({ id: testId(partition), createdAt }));
    for (const member of rows) await store.create(member, { began: now });
    const sorted = [...rows].sort((a, b) => b.createdAt - a.createdAt);
    expect((await store.list(partition)).rows).toEqual(sorted);
  });

  indexed("list shows what update and touch wrote", async (bench) => {
    const { store, row } = bench;
    const first = row();
    await store.create(first, { began: 1 });
    await store.update({ ...first, revision: 1, writeId: "second-write", body: "second" }, 0);
    await store.touch(first.id, first.seenAt + 5, first.expiresAt + 5);
    const { rows } = await store.list(partitionOf(first.id));
    expect(rows).toEqual([await bench.look(first.id)]);
    expect(rows[0]).toMatchObject({ revision: 1, body: "second", seenAt: first.seenAt + 5 });
  });

  indexed("only guarded rows are listed: a guest is in no index", async (bench) => {
    const partition = testPartition();
    const [member] = await seed(bench, partition, 1);
    await bench.store.create(bench.row({ id: testId(partition) }));
    expect((await bench.store.list(partition)).rows).toEqual([member]);
  });

  indexed("an ended row leaves the list at once, its tombstone is not listed", async (bench) => {
    const { store, tombstone } = bench;
    const partition = testPartition();
    const [first, second] = await seed(bench, partition, 2);
    await store.end(first?.id ?? testId(), tombstone());
    expect((await store.list(partition)).rows).toEqual([second]);
  });

  indexed("[C05] an expired row is not listed, even when not yet swept", async (bench) => {
    const { store, row, clock, whileItLives } = bench;
    const partition = testPartition();
    const [lasting] = await seed(bench, partition, 1);
    const { found, outlived } = await whileItLives(async (expiresAt) => {
      await store.create(row({ id: testId(partition), expiresAt }), { began: clock.now() });
      return (await store.list(partition)).rows;
    });
    expect(found).toHaveLength(2);
    await outlived();
    expect((await store.list(partition)).rows).toEqual([lasting]);
  });

  indexed("pages follow each other by cursor, complete and without repetition", async (bench) => {
    const { store } = bench;
    const partition = testPartition();
    const rows = await seed(bench, partition, 7);
    const sizes: number[] = [];
    const seen: SessionId[] = [];
    for (let cursor: string | undefined, more = true; more; more = cursor !== undefined) {
      const page = await store.list(partition, { limit: 3, ...(cursor === undefined ? {} : { cursor }) });
      sizes.push(page.rows.length);
      seen.push(...idsOf(page.rows));
      cursor = page.cursor;
    }
    expect(sizes).toEqual([3, 3, 1]);
    expect(seen).toEqual(idsOf(rows).reverse());
  });

  indexed("pages are complete also where all rows have one createdAt", async ({ store, row, clock }) => {
    const partition = testPartition();
    const rows = Array.from({ length: 5 }, () => row({ id: testId(partition) }));
    for (const member of rows) await store.create(member, { began: clock.now() });
    const seen: SessionId[] = [];
    for (let cursor: string | undefined, more = true; more; more = cursor !== undefined) {
      const page = await store.list(partition, { limit: 2, ...(cursor === undefined ? {} : { cursor }) });
      seen.push(...idsOf(page.rows));
      cursor = page.cursor;
    }
    expect(seen).toHaveLength(5);
    expect([...seen].sort()).toEqual(idsOf(rows).sort());
  });

  indexed("a page as long as the list is the last one", async (bench) => {
    const partition = testPartition();
    await seed(bench, partition, 3);
    const page = await bench.store.list(partition, { limit: 3 });
    expect(page.rows).toHaveLength(3);
    expect(page.cursor).toBeUndefined();
  });

  indexed("a page holds 100 rows unless told", async (bench) => {
    const partition = testPartition();
    await seed(bench, partition, 101);
    const page = await bench.store.list(partition);
    expect(page.rows).toHaveLength(100);
    expect(page.cursor).toBeDefined();
  });

  indexed("a partition never shows rows of another, however alike the names are", async (bench) => {
    const name = testPartition();
    const alike = [name.toLowerCase(), name.toUpperCase(), `${name.slice(0, 11)}_`, `${name.slice(0, 11)}%`, `_${name.slice(1)}`];
    const partitions = [...new Set([name, ...alike])] as Partition[];
    for (const partition of partitions) await seed(bench, partition, 2);
    for (const partition of partitions) {
      const { rows } = await bench.store.list(partition);
      expect(rows.map(({ id }) => partitionOf(id))).toEqual([partition, partition]);
    }
  });
}
