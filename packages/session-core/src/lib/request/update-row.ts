import type { Engine } from "../engine.ts";
import type { StoredSession } from "../port.ts";
import { type SessionRecord, writeBody } from "../record.ts";
import { revisionAfter } from "../revision.ts";
import { expiryOf } from "../session/deadlines.ts";
import { callStore, storeFault } from "../store-call.ts";
import { newWriteId } from "../write-id.ts";

/** Of the writes before a row's own: as many of others may come between one's own and the look for it. */
export const WRITES_KEPT = 3;

type RowTimes = Pick<StoredSession, "id" | "revision" | "createdAt" | "seenAt">;

/** The row that a record makes. */
export const toRow = <Data>({ policy }: Engine<Data>, { id, revision, createdAt, seenAt }: RowTimes, record: SessionRecord): StoredSession => ({
  id,
  revision,
  createdAt,
  seenAt,
  expiresAt: expiryOf(record, seenAt, policy),
  writeId: newWriteId(),
  body: writeBody(record),
});

/** The row that a record makes in the place of `before`. */
export const rowAfter = <Data>(engine: Engine<Data>, before: StoredSession, record: SessionRecord, seenAt = before.seenAt): StoredSession =>
  toRow(engine, { ...before, seenAt, revision: revisionAfter(before.revision) }, { ...record, writes: [before.writeId, ...record.writes].slice(0, WRITES_KEPT) });

/**
 * One conditional write. A failed acknowledgement is settled by looking for one's own writeId, never by writing again. After a `conflict` the
 * caller looks for it in what it reads next: a driver that sends again meets its own first write.
 */
export async function updateRow<Data>(engine: Engine<Data>, row: StoredSession, expectedRevision: number, durable: boolean): Promise<"updated" | "missing" | "conflict"> {
  try {
    return await engine.store.update(row, expectedRevision, { durable });
  } catch (cause) {
    if (await wroteIt(engine, row)) return "updated";
    throw storeFault(engine, "update", cause);
  }
}

/** Whether a row carries the mark of a write: its own, or of one before it. */
export const carries = (row: StoredSession, writeId: string): boolean => row.writeId === writeId || row.body.includes(writeId);

/** Whether a write took effect whose answer was lost. */
export async function wroteIt<Data>(engine: Engine<Data>, row: StoredSession): Promise<boolean> {
  const found = await callStore(engine, "read", () => engine.store.read(row.id, { authoritative: true })).catch(() => null);
  return found !== null && carries(found, row.writeId);
}
