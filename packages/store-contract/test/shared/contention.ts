import type { IndexedStore, SessionId, SessionStore } from "@holdfast/session-core/store";
import { testId, testPartition, testRow, testTombstone } from "@holdfast/store-contract";
import { expect } from "vitest";
import { until } from "./kill.ts";

export interface RowLock {
  /** Somebody else locks the row, over a connection of their own. */
  take(id: SessionId): Promise<unknown>;
  /** Whether a statement waits for it. */
  awaited(): Promise<boolean>;
  release(): Promise<unknown>;
}

/** A write that waits for a row is given up at its deadline; the store's only connection then serves the next call. */
export async function givesUpAtItsDeadline(store: SessionStore, lock: RowLock): Promise<void> {
  const row = testRow();
  await store.create(row);
  await lock.take(row.id);
  const controller = new AbortController();
  const reason = new Error("the deadline of this call is over");
  const touching = store.touch(row.id, row.seenAt + 1, row.expiresAt + 1, { signal: controller.signal });
  await until(() => lock.awaited(), 150);
  controller.abort(reason);
  await expect(touching).rejects.toBe(reason);
  await lock.release();
  const later = testRow();
  expect((await store.create(later, { began: later.createdAt })).outcome).toBe("created");
  // Nothing was cancelled: what was sent may still take effect, and here it does.
  expect(await store.read(row.id)).toEqual({ ...row, seenAt: row.seenAt + 1, expiresAt: row.expiresAt + 1 });
}

/** A sign-in that meets `fault` while it evicts another session, whose body becomes `body` then, leaves nothing behind, and the store goes on. */
export async function undoesEvictions(store: IndexedStore, body: string, fault: (signIn: Promise<unknown>) => Promise<unknown>): Promise<void> {
  const partition = testPartition();
  const evicting = (body: string) => ({ began: 1, limit: { max: 1, whenFull: "evict-oldest", tombstone: testTombstone({ body }) } }) as const;
  const [first, second] = [testRow({ id: testId(partition) }), testRow({ id: testId(partition) })];
  await store.create(first, evicting("ended"));
  await fault(store.create(second, evicting(body)));
  expect([await store.read(first.id), await store.read(second.id)]).toEqual([first, null]);
  expect(await store.create(second, evicting("ended"))).toEqual({ outcome: "created", evicted: [first.id] });
}
