import type { Millis } from "@holdfast/session-protocol";
import { ATTEMPTS, backOff, conflict } from "./attempts.ts";
import type { Clock } from "./clock.ts";
import type { SessionId, SessionStore, StoredSession } from "./port.ts";
import { revisionAfter } from "./revision.ts";
import { newWriteId } from "./write-id.ts";

export interface Auxiliary {
  readonly body: string;
  readonly expiresAt: Millis;
}

/** A row that is no session. It has no guard, so no subject lists it, and was "seen" when it expires, so it never looks like a forgotten guest. */
export const auxiliaryRow = (id: SessionId, { body, expiresAt }: Auxiliary, now: Millis, revision = 0): StoredSession => ({
  id,
  revision,
  writeId: newWriteId(),
  createdAt: now,
  seenAt: expiresAt,
  expiresAt,
  body,
});

/** Whether the row in the store is this writer's. A store that cannot say rejects. */
export const isMine = async (store: SessionStore, { id, writeId }: StoredSession): Promise<boolean> =>
  (await store.read(id, { authoritative: true }))?.writeId === writeId;

/**
 * Creates an auxiliary row or writes over it, and loses nobody's change: `change` is asked again when another writer was faster.
 * @throws HoldfastError `conflict` after eight lost attempts; else the store's fault
 */
export async function writeAuxiliary<T extends Auxiliary>(store: SessionStore, clock: Clock, id: SessionId, change: (body: string | undefined) => T): Promise<T> {
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    await backOff(clock, attempt);
    const before = await store.read(id, { authoritative: true });
    const next = change(before?.body);
    const row = auxiliaryRow(id, next, clock.now(), before ? revisionAfter(before.revision) : 0);
    try {
      const outcome = before ? await store.update(row, before.revision, { durable: true }) : (await store.create(row, undefined, { durable: true })).outcome;
      if (outcome === "updated" || outcome === "created" || (await isMine(store, row))) return next;
    } catch (error) {
      if (!(await isMine(store, row).catch(() => false))) throw error;
      return next;
    }
  }
  throw conflict("row");
}
