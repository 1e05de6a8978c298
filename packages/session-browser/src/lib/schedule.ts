import type { Millis } from "@holdfast/session-protocol";
import { LEAST_WARNING, LONGEST_TIMER, SECOND } from "./options.ts";
import { type SharedRecord, touchDueAt } from "./record.ts";
import type { ClientState } from "./state.ts";

/** The warning asked for, but no longer than half of a short idle time; and never too short to act, as far as there is time at all. */
export function warningFor(record: SharedRecord | undefined, asked: Millis): Millis {
  const idleFor = record?.idleFor ?? Number.POSITIVE_INFINITY;
  return Math.max(Math.min(asked, idleFor / 2), Math.min(LEAST_WARNING, idleFor * 0.75));
}

/** How long until something can change by itself; `undefined` when nothing counts down. `mayTouchIn` is infinite while a touch is under way. */
export function nextLookIn(state: ClientState, record: SharedRecord | undefined, now: Millis, warning: Millis, mayTouchIn: Millis): Millis | undefined {
  if (!("endsIn" in state)) return undefined;
  const warnIn = state.endsIn - warning;
  const next = state.status === "warning" ? state.endsIn % SECOND || SECOND : warnIn > 0 ? warnIn : state.endsIn;
  const dueAt = touchDueAt(record);
  const touchIn = dueAt === undefined ? next : Math.max(SECOND, dueAt - now, mayTouchIn);
  return Math.max(1, Math.min(next, touchIn, LONGEST_TIMER));
}
