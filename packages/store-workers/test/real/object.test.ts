import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { IndexedStore, Partition, StoredSession } from "@holdfast/session-core/store";
import { partitionOf } from "@holdfast/session-core/store-kit";
import { testId, testPartition, testRow, testTombstone } from "@holdfast/store-contract";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { until } from "../../../store-contract/test/shared/kill.ts";
import { remoteStore, tool } from "../support/remote-store.ts";
import { COMPATIBILITY_DATE, startWorkerd, type Workerd } from "../support/workerd.ts";

/** How long after an expiry an object cleans up. */
const GRACE = 300_000;
const DAY = 86_400_000;
const empty = { tables: [], rows: 0, alarm: null };

interface Inside {
  readonly tables: readonly string[];
  readonly rows: number;
  readonly alarm: number | null;
}

// The first date with RPC, when deleteAll left alarms alone, and one of now.
describe.each(["2024-04-03", COMPATIBILITY_DATE])("an object, with the rules of %s", (compatibilityDate) => {
  let workerd: Workerd;
  let store: IndexedStore;
  beforeAll(async () => {
    workerd = await startWorkerd({ compatibilityDate });
    store = remoteStore(workerd.object);
  });
  afterAll(() => workerd?.stop());
  const inside = async (partition: string): Promise<Inside> => (await tool(workerd.object, "inspect", partition)) as Inside;

  it("that nobody has written to has no storage, whatever it was asked for", async () => {
    const row = testRow();
    const partition = partitionOf(row.id);
    expect(await store.read(row.id)).toBeNull();
    expect(await store.update(row, 0)).toBe("missing");
    expect(await store.touch(row.id, row.seenAt, row.expiresAt)).toBe("missing");
    expect(await store.end(row.id, testTombstone(), { ifRevision: 0 })).toBe("missing");
    expect(await store.list(partition)).toEqual({ rows: [] });
    await store.delete(row.id);
    expect(await inside(partition)).toEqual(empty);
  });

  it("[K08] whose last row has expired gives its storage back by an alarm, and begins anew when it is needed", async () => {
    // So long expired that the object cleans up in half a second; later on a machine that does not get there before.
    const soon = async (after: number): Promise<readonly [partition: Partition, row: StoredSession, seen: Inside]> => {
      const partition = testPartition();
      const row = testRow({ id: testId(partition), expiresAt: Date.now() - GRACE + after });
      await store.create(row, { began: row.createdAt });
      const seen = await inside(partition);
      return Date.now() < row.expiresAt + GRACE ? [partition, row, seen] : soon(2 * after);
    };
    const [partition, row, seen] = await soon(500);
    expect(seen).toMatchObject({ rows: 1, alarm: row.expiresAt + GRACE });
    await until(async () => (await inside(partition)).tables.length === 0);
    expect(await inside(partition)).toEqual(empty);
    expect(await store.read(row.id)).toBeNull();
    const next = testRow({ id: testId(partition) });
    await store.create(next, { began: next.createdAt });
    expect((await store.list(partition)).rows).toEqual([next]);
  });

  it("[K08] keeps what lives when it cleans up, and does so again when that has expired", async () => {
    const partition = testPartition();
    const [first, second] = [testRow({ id: testId(partition), expiresAt: Date.now() - GRACE + 500 }), testRow({ id: testId(partition) })];
    for (const row of [first, second]) await store.create(row, { began: row.createdAt });
    await until(async () => (await inside(partition)).rows === 1);
    expect(await inside(partition)).toMatchObject({ rows: 1, alarm: second.expiresAt + GRACE });
    expect(await store.read(second.id)).toEqual(second);
  });

  it("sets no alarm for a touch, an update, an end or a session that expires later, and an earlier one for a session that expires earlier", async () => {
    const partition = testPartition();
    const row = testRow({ id: testId(partition) });
    const later = testRow({ id: testId(partition), expiresAt: row.expiresAt + 1 });
    const earlier = testRow({ id: testId(partition), expiresAt: row.expiresAt - 1 });
    await store.create(row);
    for (let i = 1; i <= 5; i++) await store.touch(row.id, row.seenAt + i, row.expiresAt + i);
    await store.update({ ...row, revision: 1 }, 0);
    await store.create(later, { began: 1 });
    await store.end(row.id, testTombstone());
    expect((await inside(partition)).alarm).toBe(row.expiresAt + GRACE);
    await store.create(earlier, { began: 1 });
    expect((await inside(partition)).alarm).toBe(earlier.expiresAt + GRACE);
  });

  it("[D05] remembers for 400 days that all sessions were ended, and cleans up then", async () => {
    const partition = testPartition();
    const { notBefore } = await store.endAll(partition, testTombstone({ expiresAt: Date.now() }));
    await tool(workerd.object, "clean", partition);
    expect(await inside(partition)).toMatchObject({ rows: 0, alarm: notBefore + 400 * DAY + GRACE });
    expect((await store.create(testRow({ id: testId(partition) }), { began: notBefore })).outcome).toBe("revoked");
    const row = testRow({ id: testId(partition) });
    expect((await store.create(row, { began: notBefore + 1 })).outcome).toBe("created");
    expect((await inside(partition)).alarm).toBe(row.expiresAt + GRACE);
  });

  it("[A09] undoes evictions when the sign-in fails, rejects with the fault, and goes on", async () => {
    const partition = testPartition();
    const guard = { began: 1, limit: { max: 1, whenFull: "evict-oldest", tombstone: testTombstone() } } as const;
    const [first, second] = [testRow({ id: testId(partition) }), testRow({ id: testId(partition) })];
    await store.create(first, guard);
    await tool(workerd.object, "breakOn", partition);
    await expect(store.create({ ...second, body: "breaks" }, guard)).rejects.toThrow("the disk is on fire");
    expect(await store.read(first.id)).toEqual(first);
    expect(await store.create(second, guard)).toEqual({ outcome: "created", evicted: [first.id] });
  });

  it("that crashes loses nothing that was acknowledged", async () => {
    const partition = testPartition();
    const row = testRow({ id: testId(partition) });
    await store.create(row, { began: row.createdAt });
    expect(await store.update({ ...row, revision: 1, body: "second" }, 0)).toBe("updated");
    await expect(tool(workerd.object, "crash", partition)).rejects.toThrow();
    expect(await store.read(row.id)).toEqual({ ...row, revision: 1, body: "second" });
    expect((await inside(partition)).alarm).toBe(row.expiresAt + GRACE);
  });
});

it("rows, marks and alarms outlive the runtime, in both stores", async () => {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-workerd-"));
  const partition = testPartition();
  const row = testRow({ id: testId(partition) });
  const signIn = testRow({ id: testId(partition) });
  const gone = testPartition();
  try {
    const before = await startWorkerd({ folder });
    for (const store of [remoteStore(before.object), remoteStore(await before.d1("kept"))]) {
      await store.create(row, { began: row.createdAt });
      await store.endAll(gone, testTombstone());
    }
    await before.stop();
    const after = await startWorkerd({ folder });
    for (const store of [remoteStore(after.object), remoteStore(await after.d1("kept"))]) {
      expect((await store.list(partition)).rows).toEqual([row]);
      expect((await store.create({ ...signIn, id: testId(gone) }, { began: row.createdAt })).outcome).toBe("revoked");
      expect(await store.end(row.id, testTombstone())).toBe("ended");
    }
    expect(await tool(after.object, "inspect", partition)).toMatchObject({ rows: 1, alarm: row.expiresAt + GRACE });
    await after.stop();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
