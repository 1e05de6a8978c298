import type { Millis } from "@holdfast/session-protocol";
import { ATTEMPTS } from "../attempts.ts";
import type { Engine } from "../engine.ts";
import { HoldfastError } from "../errors.ts";
import type { StoredSession } from "../port.ts";
import { type SessionRecord, writeBody } from "../record.ts";
import { expiryOf } from "../session/deadlines.ts";
import { callStore, storeFault } from "../store-call.ts";
import { newWriteId } from "../write-id.ts";

/** As many writes of others may come between one's own and the look for it. */
const WRITES_KEPT = 4;

export const conflict = (): HoldfastError => new HoldfastError("conflict", `The session was changed by others ${ATTEMPTS} times in a row; nothing was written.`);

/** The row that a record makes. */
export function toRow<Data>(
  engine: Engine<Data>,
  id: StoredSession["id"],
  record: SessionRecord,
  times: { readonly revision: number; readonly createdAt: Millis; readonly seenAt: Millis },
): StoredSession {
  const writeId = newWriteId();
  const writes = [writeId, ...record.writes].slice(0, WRITES_KEPT);
  return { id, ...times, expiresAt: expiryOf(record, times.seenAt, engine.policy), writeId, body: writeBody({ ...record, writes }) };
}

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
export const carries = (row: Pick<StoredSession, "body">, writeId: string): boolean => row.body.includes(writeId);

/** Whether a write took effect whose answer was lost. */
export async function wroteIt<Data>(engine: Engine<Data>, row: StoredSession): Promise<boolean> {
  const found = await callStore(engine, "read", () => engine.store.read(row.id, { authoritative: true })).catch(() => null);
  return found !== null && carries(found, row.writeId);
}
