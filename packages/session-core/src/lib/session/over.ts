import type { Millis } from "@holdfast/session-protocol";
import type { Engine } from "../engine.ts";
import type { SessionRecord } from "../record.ts";
import { evaluateRow } from "./deadlines.ts";

/** Why a live row is over all the same, if it is: past its deadlines, or from before everything was revoked. */
export function overBy<Data>(engine: Engine<Data>, record: SessionRecord, seenAt: Millis, now: Millis): "idle" | "absolute" | "revoked" | undefined {
  if ((record.epoch ?? 0) < engine.epoch.current.number) return "revoked";
  const evaluation = evaluateRow(record, seenAt, engine.policy, now);
  return evaluation.state === "expired" ? evaluation.by : undefined;
}
