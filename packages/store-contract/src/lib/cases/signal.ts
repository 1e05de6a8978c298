import { partitionOf } from "@holdfast/session-core/store-kit";
import { expect } from "vitest";
import type { Suite } from "../suite.ts";

const aborted = (reason: unknown): { readonly signal: AbortSignal } => ({ signal: AbortSignal.abort(reason) });

export function signalCases({ every, indexed, swept }: Suite): void {
  const reason = new Error("the deadline of this call is over");

  every("read rejects with the reason of a signal that has fired", async ({ store, row }) => {
    const first = row();
    await store.create(first);
    await expect(store.read(first.id, aborted(reason))).rejects.toBe(reason);
  });

  every("create rejects with the reason of a signal that has fired, and writes nothing", async ({ store, row, look }) => {
    const first = row();
    await expect(store.create(first, undefined, aborted(reason))).rejects.toBe(reason);
    expect(await look(first.id)).toBeNull();
  });

  every("update, touch, end and delete reject with its reason, and change nothing", async (bench) => {
    const { store, row, tombstone, look } = bench;
    const first = row();
    const { id, seenAt, expiresAt } = first;
    await store.create(first);
    await expect(store.update({ ...first, revision: 1, body: "second" }, 0, aborted(reason))).rejects.toBe(reason);
    await expect(store.touch(id, seenAt + 1, expiresAt + 1, aborted(reason))).rejects.toBe(reason);
    await expect(store.end(id, tombstone(), aborted(reason))).rejects.toBe(reason);
    await expect(store.delete(id, aborted(reason))).rejects.toBe(reason);
    expect(await look(id)).toEqual(first);
  });

  indexed("list and endAll reject with its reason, and end nobody", async ({ store, row, tombstone, look, clock }) => {
    const first = row();
    const partition = partitionOf(first.id);
    await store.create(first, { began: clock.now() });
    await expect(store.list(partition, aborted(reason))).rejects.toBe(reason);
    await expect(store.endAll(partition, tombstone(), aborted(reason))).rejects.toBe(reason);
    expect(await look(first.id)).toEqual(first);
  });

  swept("sweep rejects with its reason", async ({ store, clock }) => {
    await expect(store.sweep(clock.now(), 10, aborted(reason))).rejects.toBe(reason);
  });

  every("a signal that has not fired changes nothing", async ({ store, row, look }) => {
    const first = row();
    const { signal } = new AbortController();
    expect((await store.create(first, undefined, { signal, durable: true })).outcome).toBe("created");
    expect(await store.read(first.id, { signal })).toEqual(await look(first.id));
  });
}
