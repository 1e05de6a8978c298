import type { EndedReason, Millis } from "@holdfast/session-protocol";
import { newWriteId } from "../write-id.ts";
import type { Engine } from "../engine.ts";
import type { SessionId, StoredSession, Tombstone } from "../port.ts";
import { endedBody, readBody, type SessionRecord, type TombstoneReason } from "../record.ts";
import { ENDED_FOR } from "../session/deadlines.ts";
import { overBy } from "../session/over.ts";
import type { Marks, Sight, SignalChange } from "../signals/sight.ts";
import { callStore } from "../store-call.ts";
import { judge, LAST_STEP } from "../token/ratchet.ts";
import type { Presented } from "../transport/source.ts";
import { tellEnded } from "../watch.ts";
import { lapse, type Lapsed, mayResume } from "./lapse.ts";

/** A row whose credential was accepted. */
export interface Live {
  readonly kind: "live";
  readonly row: StoredSession;
  readonly record: SessionRecord;
  readonly presented: Presented;
  /** `elevated`: the first use of the pending chain. */
  readonly verdict: "current" | "successor" | "predecessor" | "elevated";
  /** What this request shows of its sender, and how that differs from the sign-in's. */
  readonly sight: Sight | undefined;
  readonly changed: SignalChange | undefined;
}

export interface NotLive {
  readonly kind: "none";
  readonly ended?: EndedReason;
  readonly refused?: "superseded";
  readonly resumable?: true;
}

export type Loaded = Live | Lapsed | NotLive;

/**
 * Tries the credentials, the latest chain first; each costs one read. Once the latest was replaced, the jar has moved on since this
 * request was sent: what else it showed then may be a guest's session whose cookie is a sign-in's by now.
 */
export async function load<Data>(engine: Engine<Data>, presented: readonly Presented[], now: Millis, sight?: Sight): Promise<Loaded> {
  let refusal: Lapsed | NotLive = { kind: "none" };
  for (const candidate of presented) {
    const loaded = await loadOne(engine, candidate, now, sight);
    if (loaded.kind === "live") return loaded;
    if (candidate === presented[0]) refusal = loaded;
    if (refusal.kind === "none" && refusal.refused) break;
  }
  return refusal;
}

/** Reads and judges one credential. A cached row may only say yes: every other verdict is taken on an authoritative read. */
export async function loadOne<Data>(engine: Engine<Data>, presented: Presented, now: Millis, sight: Sight | undefined, authoritative = !engine.store.capabilities.cached): Promise<Loaded> {
  const { id } = presented.credential;
  const epoch = engine.epoch.refresh();
  const row = await callStore(engine, "read", () => engine.store.read(id, { authoritative }));
  if (epoch) await epoch;
  const verdict = judgeRow(engine, row, presented, now, sight);
  if (verdict.kind === "live") {
    if (verdict.live.changed) tellChange(engine, id, verdict.live.changed);
    return verdict.live;
  }
  if (!authoritative) return loadOne(engine, presented, now, sight, true);
  return refuse(engine, id, verdict);
}

/**
 * Reads the row again for a request that was let in before. Its credential may be an old one by now, and that is no theft: it goes on
 * without a renewal, as long as the session itself lives.
 */
export async function reload<Data>(engine: Engine<Data>, { presented, sight }: Live, now: Millis): Promise<Loaded> {
  const { id } = presented.credential;
  const row = await callStore(engine, "read", () => engine.store.read(id, { authoritative: true }));
  const verdict = judgeRow(engine, row, presented, now, sight);
  if (verdict.kind === "live") return verdict.live;
  const body = row && readBody(row.body);
  const outdated = verdict.kind === "superseded" || verdict.kind === "reuse" || verdict.kind === "mismatch";
  if (outdated && row && body?.kind === "live") return { kind: "live", row, record: body.record, presented, verdict: "predecessor", sight, changed: undefined };
  return refuse(engine, id, verdict);
}

type RowVerdict =
  | { readonly kind: "live"; readonly live: Live }
  | { readonly kind: "absent" | "superseded" | "mismatch" }
  | { readonly kind: "ended"; readonly reason: TombstoneReason }
  | { readonly kind: "expired"; readonly reason: "idle" | "absolute" | "revoked" }
  | Lapsed
  | { readonly kind: "changed"; readonly changed: SignalChange }
  | { readonly kind: "reuse"; readonly stepsBehind: number };

function judgeRow<Data>(engine: Engine<Data>, row: StoredSession | null, presented: Presented, now: Millis, sight: Sight | undefined): RowVerdict {
  const body = row && readBody(row.body);
  if (!row || !body) return { kind: "absent" };
  if (body.kind === "ended") return body;
  const { record } = body;
  const time = Math.max(now, row.seenAt);
  const over = overBy(engine, record, row.seenAt, time);
  if (over) return over !== "revoked" && mayResume(engine, row, record, presented, time) ? { kind: "lapsed", row, record } : { kind: "expired", reason: over };
  const { pending } = record;
  if (pending && judge(pending, presented.credential, time, engine.policy.overlap).kind === "current") {
    return live(row, record, presented, "elevated", sight, pending.marks);
  }
  const verdict = judge(record.chain, presented.credential, time, engine.policy.overlap);
  if (verdict.kind === "reuse" || verdict.kind === "mismatch" || verdict.kind === "superseded") return verdict;
  if (verdict.kind === "successor" && record.chain.step >= LAST_STEP - 1) return { kind: "expired", reason: "absolute" };
  return live(row, record, presented, verdict.kind, sight, record.marks);
}

function live(row: StoredSession, record: SessionRecord, presented: Presented, verdict: Live["verdict"], sight: Sight | undefined, taken: Marks | undefined): RowVerdict {
  const changed = taken && sight?.compare(row.id, taken);
  return changed?.action === "revoke" ? { kind: "changed", changed } : { kind: "live", live: { kind: "live", row, record, presented, verdict, sight, changed } };
}

async function refuse<Data>(engine: Engine<Data>, id: SessionId, verdict: Exclude<RowVerdict, { kind: "live" }>): Promise<Lapsed | NotLive> {
  const handle = engine.ring.handle(id);
  switch (verdict.kind) {
    case "absent":
      tellEnded(engine, id, "none");
      engine.emit({ type: "session_unknown", handle });
      return { kind: "none" };
    case "mismatch":
      engine.emit({ type: "session_mismatch", handle });
      return { kind: "none" };
    case "superseded":
      engine.emit({ type: "session_superseded", handle });
      return { kind: "none", refused: "superseded" };
    case "ended":
      tellEnded(engine, id, verdict.reason);
      if (verdict.reason === "replaced") return { kind: "none", refused: "superseded" };
      engine.emit({ type: "session_use_after_expire", handle, reason: verdict.reason });
      return { kind: "none", ended: verdict.reason };
    case "expired": {
      const { reason } = verdict;
      if (await endRow(engine, id, reason)) engine.emit(reason === "revoked" ? { type: "session_revoked", handle, reason, count: 1 } : { type: "session_expired", handle, reason });
      return { kind: "none", ended: reason };
    }
    case "lapsed":
      await lapse(engine, verdict);
      return verdict;
    case "changed":
      tellChange(engine, id, verdict.changed);
      await endRow(engine, id, "revoked");
      return { kind: "none", ended: "revoked" };
    case "reuse":
      engine.emit({ type: "session_reuse_detected", handle, action: engine.onReuse, stepsBehind: verdict.stepsBehind });
      if (engine.onReuse === "refuse") return { kind: "none", refused: "superseded" };
      await endRow(engine, id, "reuse");
      return { kind: "none", ended: "reuse" };
  }
}

const tellChange = <Data>(engine: Engine<Data>, id: SessionId, { signals, action, news }: SignalChange): void => {
  if (news) engine.emit({ type: "session_signal_changed", handle: engine.ring.handle(id), signals, action });
};

/** Ends a session for good; `false` when it was over already. */
export async function endRow<Data>(engine: Engine<Data>, id: SessionId, reason: TombstoneReason): Promise<boolean> {
  const outcome = await callStore(engine, "end", () => engine.store.end(id, tombstone(engine, reason), { durable: true }));
  tellEnded(engine, id, reason);
  return outcome === "ended";
}

export const tombstone = <Data>(engine: Engine<Data>, reason: TombstoneReason): Tombstone => ({
  writeId: newWriteId(),
  expiresAt: engine.clock.now() + ENDED_FOR,
  body: endedBody(reason),
});
