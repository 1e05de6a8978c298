import type { Millis, SessionDeadlines } from "@holdfast/session-protocol";
import type { Environment } from "./environment.ts";

/** What the tabs of one session share. Storage is the truth; everybody reads it again before deciding. No secrets. */
export interface SharedRecord {
  readonly epoch: string;
  /** Wall clock of the last trusted activity in any tab. */
  readonly lastActivity: Millis;
  readonly idleAt: Millis;
  readonly absoluteAt: Millis;
  /** The longest idle time seen, in ms. */
  readonly idleFor: Millis;
  /** When the request was sent whose answer these deadlines are. An earlier request's answer does not replace them. */
  readonly at: Millis;
  /** When the server was last told of activity. */
  readonly toldAt: Millis;
}

const overKey = (key: string): string => `${key}:over`;

/** The record of this session goes, and no late answer brings it back in any tab. */
export function endEpoch(storage: Environment["storage"], key: string, epoch: string): void {
  if (readRecord(storage, key)?.epoch === epoch) storage.removeItem(key);
  storage.setItem(overKey(key), epoch);
}

export const wasEnded = (storage: Environment["storage"], key: string, epoch: string): boolean => storage.getItem(overKey(key)) === epoch;

export function readRecord(storage: Environment["storage"], key: string): SharedRecord | undefined {
  try {
    const record = JSON.parse(storage.getItem(key) ?? "null") as Partial<Record<keyof SharedRecord, unknown>> | null;
    if (!record || typeof record.epoch !== "string") return undefined;
    const { lastActivity, idleAt, absoluteAt, idleFor, at, toldAt } = record;
    const numbers = [lastActivity, idleAt, absoluteAt, idleFor, at, toldAt];
    return numbers.every((value) => typeof value === "number" && Number.isFinite(value)) ? (record as SharedRecord) : undefined;
  } catch {
    return undefined;
  }
}

/** When activity that the server has not heard of yet should be told: at most every tenth of the idle time. `undefined` when there is none. */
export const touchDueAt = (record: SharedRecord | undefined): Millis | undefined =>
  record && record.lastActivity > record.toldAt ? record.toldAt + Math.min(60_000, record.idleFor / 10) : undefined;

/**
 * The record after the server named deadlines in answer to a request sent at `sentAt`. They count from the sending:
 * that is earlier than the server's clock could mean, so the browser never believes in more time than there is.
 */
export function withDeadlines(record: SharedRecord | undefined, deadlines: SessionDeadlines, sentAt: Millis, now: Millis, told: boolean): SharedRecord {
  const same = record?.epoch === deadlines.epoch ? record : undefined;
  // `at` in the future: the clock was set back, and the old order means nothing.
  if (same && sentAt < same.at && same.at <= now) return same;
  const idle = deadlines.idle * 1000;
  return {
    epoch: deadlines.epoch,
    lastActivity: Math.min(same?.lastActivity ?? 0, now),
    idleAt: sentAt + idle,
    absoluteAt: sentAt + deadlines.absolute * 1000,
    idleFor: Math.max(idle, same?.idleFor ?? 0),
    at: sentAt,
    // A first answer: the page was just opened, and that told the server.
    toldAt: same && !told ? same.toldAt : sentAt,
  };
}
