import { evaluate, type Millis } from "@holdfast/session-protocol";
import type { Engine } from "../engine.ts";
import type { HoldfastError } from "../errors.ts";
import type { SessionId, StoredSession, Tombstone } from "../port.ts";
import { askRow } from "../read-row.ts";
import { endedBody, type SessionRecord, type Stored, type TombstoneReason } from "../record.ts";
import { deadlinesOf, ENDED_FOR } from "../session/deadlines.ts";
import { overBy } from "../session/over.ts";
import { INDETERMINATE, noSession, unreadable } from "../session/refusal.ts";
import type { NoneState } from "../session/state.ts";
import type { Sight, SignalChange } from "../signals/sight.ts";
import { callStore } from "../store-call.ts";
import { judge, LAST_STEP, SKEW, type Verdict } from "../token/ratchet.ts";
import type { Incoming, Presented } from "../transport/source.ts";
import { tellEnded } from "../watch.ts";
import { newWriteId } from "../write-id.ts";
import { lapse, type Lapsed, mayResume } from "./lapse.ts";
import { settle } from "./settle.ts";

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

export type Loaded = Live | Lapsed | NoneState;

/**
 * Tries the credentials, the latest chain first; each costs one read. Once the latest was replaced, the jar has moved on since this
 * request was sent: what else it showed then may be a guest's session whose cookie is a sign-in's by now.
 */
export async function load<Data>(engine: Engine<Data>, { presented, indeterminate }: Incoming, now: Millis, sight?: Sight, authoritative?: boolean): Promise<Loaded> {
  let refusal: Lapsed | NoneState = { kind: "none" };
  for (const candidate of presented) {
    const loaded = await loadOne(engine, candidate, now, sight, authoritative);
    if (loaded.kind === "live") return loaded;
    // Whichever was replaced by one that lives: the jar has that by now, and what is over beside it says nothing.
    const refused = loaded.kind === "none" && loaded.refused;
    if (refused || candidate === presented[0]) refusal = loaded;
    if (refused) break;
  }
  // What cannot be read may well be the one that lives.
  return indeterminate ? INDETERMINATE : refusal;
}

/** Reads and judges one credential. A cached row may only say yes: every other verdict is taken on an authoritative read. */
export async function loadOne<Data>(engine: Engine<Data>, presented: Presented, now: Millis, sight: Sight | undefined, authoritative = !engine.store.capabilities.cached): Promise<Loaded> {
  const { id } = presented.credential;
  const epoch = engine.epoch.refresh();
  const row = await callStore(engine, "read", () => engine.store.read(id, { authoritative }));
  if (epoch) await epoch;
  const verdict = judgeRow(engine, row, presented, now, sight);
  if (verdict.kind === "live") {
    tellOldKey(engine, presented, now);
    if (verdict.live.changed) tellChange(engine, id, verdict.live.changed);
    return verdict.live;
  }
  if (!authoritative) return loadOne(engine, presented, now, sight, true);
  return refuse(engine, id, verdict);
}

type RowVerdict =
  | { readonly kind: "live"; readonly live: Live }
  | { readonly kind: "absent" | "superseded" | "mismatch" | "newer" | "outlived" }
  | Lapsed
  | { readonly kind: "ended"; readonly reason: TombstoneReason }
  | { readonly kind: "expired"; readonly reason: "idle" | "absolute" | "revoked" }
  | { readonly kind: "changed"; readonly changed: SignalChange }
  | { readonly kind: "reuse"; readonly stepsBehind: number };

/** @param accepted the credential was good when the request came: a later one makes it neither a straggler nor a thief's now. */
function judgeRow<Data>(engine: Engine<Data>, row: StoredSession | null, presented: Presented, now: Millis, sight: Sight | undefined, accepted = false): RowVerdict {
  const body = row && engine.readBody(row.body);
  // Who comes with a replaced one so late is no straggler: the answer with the new one was lost.
  if (!row || !body || (body.kind === "ended" && body.reason === "replaced" && now >= row.expiresAt - ENDED_FOR + engine.policy.overlap + SKEW)) return { kind: "absent" };
  if (body.kind !== "live") return body;
  const { record } = body;
  if (record.dataVersion > engine.data.version) return { kind: "newer" };
  const time = Math.max(now, row.seenAt);
  const over = overBy(engine, record, row.seenAt, time);
  if (over) return over !== "revoked" && mayResume(engine, row, record, presented, time) ? { kind: "lapsed", row, record } : { kind: "expired", reason: over };
  const { pending, chain } = record;
  const { credential } = presented;
  const { overlap } = engine.policy;
  let verdict: Verdict | { readonly kind: "elevated" } = judge(chain, credential, time, overlap);
  if (pending && verdict.kind !== "current" && judge(pending, credential, time, overlap).kind === "current") verdict = { kind: "elevated" };
  else if (pending && evaluate(deadlinesOf(record, row.seenAt, engine.policy), time).state === "expired") return { kind: "outlived" };
  if (verdict.kind === "successor" && chain.step >= LAST_STEP - 1) return { kind: "expired", reason: "absolute" };
  if (verdict.kind === "reuse" || verdict.kind === "mismatch" || verdict.kind === "superseded") {
    if (!accepted) return verdict;
    verdict = { kind: "predecessor" };
  }
  const taken = (verdict.kind === "elevated" ? pending : record)?.marks;
  const changed = taken && sight?.compare(row.id, taken);
  if (changed?.action === "revoke") return { kind: "changed", changed };
  return { kind: "live", live: { kind: "live", row, record, presented, verdict: verdict.kind, sight, changed } };
}

/** Outside a request; `null` for a row that is ended or no record. @throws HoldfastError `unavailable` for one of a later release */
export function liveRecord<Data>({ data, readBody }: Engine<Data>, { body }: StoredSession): SessionRecord | null {
  const read = readBody(body);
  if (read?.kind === "newer" || (read?.kind === "live" && read.record.dataVersion > data.version)) throw unreadable();
  return read?.kind === "live" ? read.record : null;
}

/**
 * Reads the row again for a request that was let in before. Its credential may be an old one by now, and that is no theft: it goes on
 * without a renewal, as long as the session itself lives. Nothing is ended here.
 */
export async function loadAgain<Data>(engine: Engine<Data>, live: Live, now: Millis): Promise<Live> {
  const row = await askRow(engine, live.row.id);
  const verdict = judgeRow(engine, row, live.presented, now, live.sight, true);
  if (verdict.kind === "live") return verdict.live;
  if (verdict.kind === "newer") throw unreadable();
  throw verdict.kind === "superseded" || (verdict.kind === "ended" && verdict.reason === "replaced") ? noSession("superseded") : lost(engine, live);
}

export function lost<Data>(engine: Engine<Data>, live: Live): HoldfastError {
  engine.emit({ type: "session_write_lost" }, live.row.id);
  return noSession("ended");
}

async function refuse<Data>(engine: Engine<Data>, id: SessionId, verdict: Exclude<RowVerdict, { kind: "live" }>): Promise<Lapsed | NoneState> {
  switch (verdict.kind) {
    case "absent":
      tellEnded(engine, id, "none");
      engine.emit({ type: "session_unknown" }, id);
      return { kind: "none" };
    case "mismatch":
      engine.emit({ type: "session_mismatch" }, id);
      return { kind: "none" };
    case "superseded":
      engine.emit({ type: "session_superseded" }, id);
      return { kind: "none", refused: "superseded" };
    case "newer":
      engine.emit({ type: "session_newer" }, id);
      return INDETERMINATE;
    case "outlived":
      return { kind: "none", ended: "absolute" };
    case "ended":
      tellEnded(engine, id, verdict.reason);
      if (verdict.reason === "replaced") return { kind: "none", refused: "superseded" };
      engine.emit({ type: "session_use_after_expire", reason: verdict.reason }, id);
      return { kind: "none", ended: verdict.reason };
    case "expired": {
      const { reason } = verdict;
      if (await endRow(engine, id, reason)) engine.emit(reason === "revoked" ? { type: "session_revoked", reason, count: 1 } : { type: "session_expired", reason }, id);
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
      engine.emit({ type: "session_reuse_detected", action: engine.onReuse, stepsBehind: verdict.stepsBehind }, id);
      if (engine.onReuse === "refuse") return { kind: "none", refused: "superseded" };
      await endRow(engine, id, "reuse");
      return { kind: "none", ended: "reuse" };
  }
}

/** Once a minute for each key: as long as this is told, the key is needed. */
export function tellOldKey<Data>({ emit }: Engine<Data>, { key }: Presented, now: Millis): void {
  if (key.state !== "retired" || now < key.quiet) return;
  key.quiet = now + 60_000;
  emit({ type: "session_old_key", keyId: key.id });
}

export const tellChange = <Data>(engine: Engine<Data>, id: SessionId, { signals, action, news }: SignalChange): void => {
  if (news) engine.emit({ type: "session_signal_changed", signals, action }, id);
};

/** Ends a session for good; `false` when it was over already. */
export async function endRow<Data>(engine: Engine<Data>, id: SessionId, reason: TombstoneReason): Promise<boolean> {
  const outcome = await endAs(engine, id, tombstone(engine, reason));
  tellEnded(engine, id, reason);
  return outcome === "ended";
}

export const endAs = <Data>(engine: Engine<Data>, id: SessionId, stone: Tombstone, condition?: { readonly ifRevision: number }): ReturnType<Engine<Data>["store"]["end"]> =>
  settle(engine, "end", { ...stone, id }, async () => engine.store.end(id, stone, { durable: true, ...condition }), "ended", "missing");

export const tombstone = <Data>(engine: Engine<Data>, reason: TombstoneReason, left?: Stored): Tombstone => ({
  writeId: newWriteId(),
  expiresAt: engine.clock.now() + ENDED_FOR,
  body: endedBody(reason, left),
});
