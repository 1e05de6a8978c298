import type { Millis } from "@holdfast/session-protocol";
import type { Engine } from "../engine.ts";
import type { StoredSession } from "../port.ts";
import type { SessionRecord } from "../record.ts";
import { deadlinesOf } from "../session/deadlines.ts";
import { judge } from "../token/ratchet.ts";
import type { Presented } from "../transport/source.ts";
import { tellEnded } from "../watch.ts";
import { rowAfter, updateRow } from "./update-row.ts";

/** A session that idled out, still known to the holder of its credential, whom one factor may bring back (NIST SP 800-63B-4 section 2.2.3). */
export interface Lapsed {
  readonly kind: "lapsed";
  readonly row: StoredSession;
  readonly record: SessionRecord;
}

/**
 * Whether this credential's holder may resume the session: not with one that was replaced, not past the absolute limit, and not a session that is bound to a device:
 * the cookie alone does not show that the device is here, and the new session would be bound to none.
 */
export function mayResume<Data>({ policy }: Engine<Data>, row: StoredSession, record: SessionRecord, { credential }: Presented, now: Millis): boolean {
  if (!policy.resume || record.key || record.subject === undefined || now >= deadlinesOf(record, row.seenAt, policy).absoluteAt) return false;
  const chains = record.pending ? [record.pending, record.chain] : [record.chain];
  return chains.some((chain) => ["current", "successor"].includes(judge(chain, credential, now, policy.overlap).kind));
}

/** Ends the session for every use but that one. Marked in the row, so that neither a late touch nor a longer limit brings it back. */
export async function lapse<Data>(engine: Engine<Data>, { row, record }: Lapsed): Promise<void> {
  tellEnded(engine, row.id, "idle");
  if (record.lapsed) return engine.emit({ type: "session_use_after_expire", reason: "idle" }, row.id);
  const marked = rowAfter(engine, row, { ...record, lapsed: true });
  if ((await updateRow(engine, marked, row.revision, true)) === "updated") engine.emit({ type: "session_expired", reason: "idle" }, row.id);
}
