import type { Millis } from "@holdfast/session-protocol";
import type { Engine } from "../engine.ts";
import { type Live, type Loaded, tellChange, tellOldKey } from "../request/load.ts";
import { deadlinesOf } from "../session/deadlines.ts";
import { overBy } from "../session/over.ts";
import { INDETERMINATE } from "../session/refusal.ts";
import type { Sight } from "../signals/sight.ts";
import type { TombstoneReason } from "../record.ts";
import type { SessionId } from "../port.ts";
import { rowOf } from "./payload.ts";
import type { SealedIncoming, SealedPresented } from "./read-sealed.ts";
import type { Revocations } from "./revocations.ts";

/** Opens what is still closed, and judges each session by its deadlines, the epoch and what was revoked: the latest chain that lives counts. */
export const createLoadSealed = (revocations: Revocations | undefined): Engine<unknown>["load"] =>
  async function loadSealed(engine, given, now, sight, authoritative = false) {
    const incoming = given as SealedIncoming;
    await incoming.pending?.();
    let refusal: Loaded = { kind: "none" };
    const { presented } = incoming;
    for (const candidate of presented) {
      const loaded = await judgeSealed(engine, candidate, now, sight, revocations, authoritative);
      if (loaded.kind === "live") return loaded;
      const refused = loaded.kind === "none" && loaded.refused;
      if (refused || candidate === presented[0]) refusal = loaded;
      if (refused) break;
    }
    // What cannot be read may well be the one that lives.
    return incoming.indeterminate ? INDETERMINATE : refusal;
  };

async function judgeSealed<Data>(engine: Engine<Data>, presented: SealedPresented, now: Millis, sight: Sight | undefined, revocations: Revocations | undefined, authoritative: boolean): Promise<Loaded> {
  const { session } = presented;
  const { id, record, seenAt, expiresAt } = session;
  const epoch = engine.epoch.refresh();
  if (epoch) await epoch;
  if (record.dataVersion > engine.data.version) {
    engine.emit({ type: "session_newer" }, id);
    return INDETERMINATE;
  }
  // A clock that was set back gives no time: nothing is younger than its last activity.
  const time = Math.max(now, seenAt);
  const over = overBy(engine, record, seenAt, time) ?? (time >= expiresAt ? "idle" : undefined);
  const row = rowOf(session);
  if (over === undefined || over === "idle") {
    const asked = revocations?.reasonOf(session, authoritative);
    const revoked = asked instanceof Promise ? await asked : asked;
    if (revoked) return ended(engine, id, revoked);
  }
  if (over === "idle" && engine.policy.resume && record.subject !== undefined && time < deadlinesOf(record, seenAt, engine.policy).absoluteAt) {
    engine.emit({ type: "session_expired", reason: "idle" }, id);
    return { kind: "lapsed", row, record };
  }
  if (over) return ended(engine, id, over);
  const changed = record.marks && sight?.compare(id, record.marks);
  if (changed) tellChange(engine, id, changed);
  if (changed?.action === "revoke") {
    await revocations?.end(id, "revoked");
    return ended(engine, id, "revoked");
  }
  tellOldKey(engine, presented, now);
  // There is no successor to offer, which is what this verdict says to the engine.
  const live: Live = { kind: "live", row, record, presented, verdict: "predecessor", sight, changed };
  return live;
}

function ended<Data>(engine: Engine<Data>, id: SessionId, reason: TombstoneReason): Loaded {
  if (reason === "replaced") {
    engine.emit({ type: "session_superseded" }, id);
    return { kind: "none", refused: "superseded" };
  }
  engine.emit(reason === "idle" || reason === "absolute" ? { type: "session_expired", reason } : { type: "session_use_after_expire", reason }, id);
  return { kind: "none", ended: reason };
}
