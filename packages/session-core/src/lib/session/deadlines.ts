import { type Deadlines, evaluate, type Evaluation, type Millis } from "@holdfast/session-protocol";
import type { SessionRecord } from "../record.ts";
import type { Policy } from "./policy.ts";

/** How long an ended session, or one that idled out, can still tell its owner why. */
export const ENDED_FOR: Millis = 10 * 60 * 1000;

/** Which limits of the policy count for this session. */
export const limitsOf = ({ subject, remember }: Pick<SessionRecord, "subject" | "remember">, policy: Policy): Policy["guest"] =>
  subject === undefined ? policy.guest : remember && policy.remember !== "off" ? policy.remember : policy;

/** From the policy of today and the times of the record, so that a tightened policy reaches existing sessions at once. */
export function deadlinesOf(record: SessionRecord, seenAt: Millis, policy: Policy, startedAt: Millis = record.startedAt): Deadlines {
  const { idle, absolute } = limitsOf(record, policy);
  return { idleAt: seenAt + idle, absoluteAt: startedAt + absolute };
}

// The elevated credential may be first used after the time of the one before is over: the row lives as long as either may.
const rowDeadlines = (record: SessionRecord, seenAt: Millis, policy: Policy): Deadlines => deadlinesOf(record, seenAt, policy, record.pending?.startedAt);

/** When the row may go: never later than the absolute limit, a little later than the idle one, so that "idle" can be told, or that it can be resumed. */
export function expiryOf(record: SessionRecord, seenAt: Millis, policy: Policy): Millis {
  const { idleAt, absoluteAt } = rowDeadlines(record, seenAt, policy);
  return policy.resume && record.subject !== undefined ? absoluteAt : Math.min(idleAt + ENDED_FOR, absoluteAt);
}

/** Whether a live row still lives. A clock that was set back gives no time: nothing is younger than its last acknowledged activity. */
export const evaluateRow = (record: SessionRecord, seenAt: Millis, policy: Policy, now: Millis): Evaluation =>
  record.lapsed ? { state: "expired", by: "idle" } : evaluate(rowDeadlines(record, seenAt, policy), Math.max(now, seenAt));
