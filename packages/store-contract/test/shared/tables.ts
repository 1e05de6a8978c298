import type { IndexedStore, Partition, SessionId } from "@holdfast/session-core/store";
import { testId, testPartition, testRow, testTombstone } from "@holdfast/store-contract";
import { describe, expect, it } from "vitest";

const HOUR = 3_600_000;
const partitionOf = (id: SessionId): Partition => id.slice(0, 12) as string as Partition;

/** A server of SQL, to which the tests have several connections. */
export interface SqlServer {
  /** Makes the table if it is missing, and a store on it. */
  make(table: string): Promise<IndexedStore>;
  /** Another namespace for tables, called like a keyword. Absent where there is only one. */
  readonly namespace?: string;
  /** Writes rows that expired long ago. */
  expired(table: string, count: number): Promise<unknown>;
  /** A sweeper that has so many of them in hand, until it is let go without having removed any. Absent where writers never overlap. */
  hold?(table: string, count: number): Promise<() => Promise<unknown>>;
  /** A revocation or sign-in that has written the mark of this subject, and has not committed when this resolves. Absent where writers never overlap. */
  holdMark?(table: string, partition: Partition): Promise<() => Promise<unknown>>;
  /** Moves every mark so many milliseconds back: what is long ago is long ago by the server's clock, too. */
  age(table: string, by: number): Promise<unknown>;
  rows(table: string): Promise<number>;
}

/** Calls every verb with this for every id, body and cursor. */
export async function callEveryVerb(store: IndexedStore, hostile: SessionId): Promise<void> {
  const row = { id: hostile, revision: 0, writeId: hostile, createdAt: 1, seenAt: 1, expiresAt: 2, body: hostile };
  const stone = { writeId: hostile, expiresAt: 2, body: hostile };
  await store.read(hostile);
  await store.create(row);
  await store.create(row, { began: 1, limit: { max: 1, whenFull: "reject", tombstone: stone }, replaces: { id: hostile, tombstone: stone } });
  await store.update(row, 0);
  await store.touch(hostile, 1, 2);
  await store.end(hostile, stone, { ifRevision: 1 });
  await store.delete(hostile);
  await store.list(partitionOf(hostile), { cursor: hostile });
  await store.endAll(partitionOf(hostile), stone, { except: hostile });
  await store.sweep(1000, 100);
}

/** What holds of the tables of every store in SQL. */
export function describeTables(server: () => SqlServer): void {
  it("ten servers that start at once make them together", async () => {
    const stores = await Promise.all(Array.from({ length: 10 }, () => server().make("at_once")));
    for (const store of stores) expect(await store.read(testId())).toBeNull();
  });

  it("may be called like keywords or lie in another namespace, and two tables are apart", async () => {
    const { make, namespace } = server();
    const stores: IndexedStore[] = [];
    for (const table of ["order", "group", ...(namespace === undefined ? [] : [`${namespace}.user`, `${namespace}.order`])]) stores.push(await make(table));
    const row = testRow();
    const guard = { began: row.createdAt, limit: { max: 1, whenFull: "reject", tombstone: testTombstone() } } as const;
    for (const store of stores) {
      expect(await store.read(row.id)).toBeNull();
      expect(await store.create(row, guard)).toEqual({ outcome: "created", evicted: [] });
    }
    await stores[0]?.endAll(partitionOf(row.id), testTombstone());
    expect(await stores.at(-1)?.read(row.id)).toEqual(row);
  });

  it("what is no cursor gets an empty page", async () => {
    const store = await server().make("paged");
    const row = testRow();
    await store.create(row, { began: row.createdAt });
    for (const cursor of ["", "x", "x.y", "-1.y", "1e9.y"]) expect(await store.list(partitionOf(row.id), { cursor })).toEqual({ rows: [] });
  });

  describe("sweeping", () => {
    it("[K08] two sweepers share 5,000 expired rows in batches of 500: each row is removed and counted once", { timeout: 120_000 }, async () => {
      const { make, expired, rows } = server();
      const store = await make("swept");
      await expired("swept", 5000);
      const live = testRow();
      await store.create(live);
      const sweepAll = async (): Promise<number[]> => {
        const counts: number[] = [];
        do counts.push(await store.sweep(Date.now(), 500));
        while (counts.at(-1) !== 0);
        return counts;
      };
      const counts = (await Promise.all([sweepAll(), sweepAll()])).flat();
      // A sweeper that finds all that is left in the hands of the other one is done.
      counts.push(...(await sweepAll()));
      expect(Math.max(...counts)).toBeLessThanOrEqual(500);
      expect(counts.reduce((sum, count) => sum + count)).toBe(5000);
      expect(await rows("swept")).toBe(1);
      expect(await store.read(live.id)).toEqual(live);
    });

    it("[K08] rows that another sweeper has in hand make neither requests wait nor this sweeper", async (context) => {
      const { make, expired, hold } = server();
      if (!hold) return context.skip("its writers never overlap");
      const store = await make("busy");
      await expired("busy", 100);
      const row = testRow();
      const partition = partitionOf(row.id);
      await store.create(row, { began: row.createdAt });
      const letGo = await hold("busy", 60);
      expect(await store.sweep(Date.now(), 100)).toBe(40);
      expect(await store.read(row.id)).toEqual(row);
      expect(await store.touch(row.id, row.seenAt, row.expiresAt)).toBe("touched");
      expect((await store.create(testRow({ id: testId(partition) }), { began: row.createdAt })).outcome).toBe("created");
      expect((await store.endAll(partition, testTombstone())).ended).toHaveLength(2);
      await letGo();
      expect(await store.sweep(Date.now(), 100)).toBe(60);
    });

    it("[K08] a mark that a sign-in has in hand makes neither the sweeper wait nor other sign-ins", async (context) => {
      const { make, holdMark, age, rows } = server();
      if (!holdMark) return context.skip("its writers never overlap");
      const store = await make("marking");
      const partitions = Array.from({ length: 5 }, testPartition).sort();
      for (const partition of partitions) await store.endAll(partition, testTombstone());
      await age("marking", 800 * 24 * HOUR);
      // The last one, so that a sweeper that waited for it would hold all others meanwhile.
      const letGo = await holdMark("marking", partitions.at(-1) ?? testPartition());
      const signIn = async (partition: Partition): Promise<string> => (await store.create(testRow({ id: testId(partition) }), { began: Date.now() })).outcome;
      const others = [...partitions.slice(0, -1), testPartition(), "0".repeat(12) as Partition];
      const [swept, ...outcomes] = await Promise.all([store.sweep(Date.now(), 1000), ...others.map(signIn)]);
      expect([swept, new Set(outcomes)]).toEqual([0, new Set(["created"])]);
      await letGo();
      await store.sweep(Date.now(), 1000);
      expect(await rows("marking_marks")).toBe(0);
    });

    it("[D05] forgets a notBefore after 400 days, and not earlier", async () => {
      const { make, age, rows } = server();
      const store = await make("marked");
      const partition = testPartition();
      const { notBefore } = await store.endAll(partition, testTombstone());
      const signIn = async (): Promise<string> => (await store.create(testRow({ id: testId(partition) }), { began: notBefore - 401 * 24 * HOUR })).outcome;
      // Not yet so long ago, whatever the clock of the sweeper says.
      await store.sweep(notBefore + 800 * 24 * HOUR);
      expect(await signIn()).toBe("revoked");
      await age("marked", 401 * 24 * HOUR);
      await store.sweep(notBefore - 24 * HOUR - 1);
      expect(await signIn()).toBe("revoked");
      await store.sweep(notBefore - 24 * HOUR);
      expect(await signIn()).toBe("created");
      await store.sweep(Date.now());
      expect(await rows("marked_marks")).toBe(0);
    });
  });
}
