import type { Engine } from "../engine.ts";
import type { StoredSession } from "../port.ts";
import { type SessionRecord, writeBody } from "../record.ts";
import { revisionAfter } from "../revision.ts";
import { expiryOf } from "../session/deadlines.ts";
import { newWriteId } from "../write-id.ts";
import { settle } from "./settle.ts";

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

/** One conditional write. After a `conflict` the caller looks for its mark in what it reads next: a driver that sends again meets its own first write. */
export const updateRow = <Data>(engine: Engine<Data>, row: StoredSession, expectedRevision: number, durable: boolean): ReturnType<Engine<Data>["store"]["update"]> =>
  settle(engine, "update", row, async () => engine.store.update(row, expectedRevision, { durable }), "updated");
