import { evaluate, type Millis } from "@holdfast/session-protocol";
import { LEAST_WARNING, SECOND } from "./options.ts";
import type { SharedRecord } from "./record.ts";

/** One instant on two clocks. */
export interface Moment {
  /** By the clock that is ahead: neither sleep nor a clock that was set back gives more time. */
  readonly now: Millis;
  /** By the clock that is behind: what is over by this one is over for certain. */
  readonly least: Millis;
}

/** Wall and monotonic clock may differ by this much before it means anything. */
export const DRIFT: Millis = 2000;

export const momentOf = (wall: Millis, steady: Millis): Moment => ({ now: Math.max(wall, steady), least: Math.min(wall, steady) });

export type Life =
  | { readonly over: "idle" | "absolute"; /** By both clocks. */ readonly certain: boolean }
  | { readonly over?: never; readonly status: "active" | "warning"; readonly by: "idle" | "absolute"; readonly endsIn: Millis; readonly wakeIn: Millis };

/**
 * What the record says about this moment, and in how many ms that can change by itself. Every event ends here: first it is asked whether the session
 * is over, only then may anything move it.
 */
export function lifeOf(record: SharedRecord, { now, least }: Moment, warnBefore: Millis): Life {
  const evaluation = evaluate(record, now, warningFor(record, warnBefore));
  if (evaluation.state === "expired") return { over: evaluation.by, certain: evaluate(record, least).state === "expired" };
  const { state: status, by, endsIn, changesAt } = evaluation;
  return { status, by, endsIn, wakeIn: status === "warning" ? endsIn % SECOND || SECOND : changesAt - now };
}

/** The warning asked for, but no longer than half of a short idle time; and never too short to act, for which it may take three quarters. */
const warningFor = ({ idleFor }: SharedRecord, asked: Millis): Millis => Math.max(Math.min(asked, idleFor / 2), Math.min(LEAST_WARNING, idleFor * 0.75));
