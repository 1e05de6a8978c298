import type { EndedReason, Millis, SessionDeadlines, SessionView } from "@holdfast/session-protocol";
import type { Environment } from "./environment.ts";
import { SECOND } from "./options.ts";

type Items = Environment["storage"];

/** What the tabs of one session share. Storage is the truth; everybody reads it again before deciding. No secrets. */
export interface SharedRecord {
  readonly epoch: string;
  /** Wall clock of the last trusted activity in any tab. */
  readonly lastActivity: Millis;
  readonly idleAt: Millis;
  readonly absoluteAt: Millis;
  /** The idle time, in ms: as the server says, else the longest seen. */
  readonly idleFor: Millis;
  /** When the request was sent whose answer these deadlines are. An earlier request's answer does not replace them. */
  readonly at: Millis;
  /** When the server was last told of activity. */
  readonly toldAt: Millis;
}

export function readRecord(storage: Items, key: string): SharedRecord | undefined {
  try {
    const record = JSON.parse(storage.getItem(key) ?? "null") as Partial<Record<keyof SharedRecord, unknown>> | null;
    if (typeof record?.epoch !== "string") return undefined;
    const { lastActivity, idleAt, absoluteAt, idleFor, at, toldAt } = record;
    return [lastActivity, idleAt, absoluteAt, idleFor, at, toldAt].every(Number.isFinite) ? (record as SharedRecord) : undefined;
  } catch {
    return undefined;
  }
}

/** As many sessions are remembered as over: answers that are still under way are of the last few. */
const REMEMBERED = 8;
const ends = (storage: Items, key: string): string[] => storage.getItem(`${key}:over`)?.split(",") ?? [];

/** The record of this session goes, and no late answer brings it back in any tab. The first reason stays. */
export function endEpoch(storage: Items, key: string, epoch: string, reason: EndedReason): void {
  // In this order: a tab that finds the record gone must find the reason.
  if (!endOf(storage, key, epoch)) storage.setItem(`${key}:over`, [...ends(storage, key), `${epoch} ${reason}`].slice(-REMEMBERED).join());
  if (readRecord(storage, key)?.epoch === epoch) storage.removeItem(key);
}

/** How a session ended, if it did in this browser. */
export const endOf = (storage: Items, key: string, epoch: string): EndedReason | undefined =>
  ends(storage, key).find((end) => end.startsWith(`${epoch} `))?.slice(epoch.length + 1) as EndedReason | undefined;

/**
 * When activity that the server has not heard of yet should be told: at most every tenth of the idle time. `undefined` when there is none, or when it is older
 * than twice that: the server takes what it hears for new, and is told no times by browsers.
 */
export function touchDueAt(record: SharedRecord | undefined, now: Millis): Millis | undefined {
  if (!record) return undefined;
  const { lastActivity, toldAt, idleFor } = record;
  const every = Math.min(60_000, idleFor / 10);
  return lastActivity > toldAt && now - lastActivity <= 2 * every ? toldAt + every : undefined;
}

/**
 * The record after the server named deadlines in answer to a request sent at `sentAt`. They count from the sending:
 * that is earlier than the server's clock could mean, so the browser never believes in more time than there is. A later end that is known already stays if the
 * answer allows for it: one that was long on its way, or one of the same second, which may have been made before what is known.
 */
export function withDeadlines(record: SharedRecord | undefined, deadlines: SessionDeadlines, sentAt: Millis, now: Millis, told: boolean, idleFor?: Millis | undefined): SharedRecord {
  const same = record?.epoch === deadlines.epoch ? record : undefined;
  // In the future: the clock was set back, and the old order means nothing.
  const ordered = same && same.at <= now;
  const until = (left: Millis, before: Millis): Millis => Math.max(sentAt + left, ordered && (sentAt < same.at + SECOND || before < now + left + SECOND) ? before : 0);
  const idle = deadlines.idle * SECOND;
  const idleAt = until(idle, same?.idleAt ?? 0);
  // A request that was on its way for longer may have counted later.
  if (ordered && sentAt < same.at) return { ...same, idleAt };
  return {
    epoch: deadlines.epoch,
    lastActivity: Math.min(same?.lastActivity ?? 0, now),
    idleAt,
    absoluteAt: until(deadlines.absolute * SECOND, same?.absoluteAt ?? 0),
    idleFor: idleFor ?? Math.max(idle, same?.idleFor ?? 0),
    at: sentAt,
    // A first answer: the page was just opened, and that told the server.
    toldAt: same && !told ? Math.min(same.toldAt, now) : sentAt,
  };
}

/** The same of a view. */
export const recordOf = (record: SharedRecord | undefined, view: Extract<SessionView, { state: "active" }>, sentAt: Millis, now: Millis, told: boolean): SharedRecord =>
  withDeadlines(record, { idle: view.idleIn, absolute: view.expiresIn, epoch: view.epoch }, sentAt, now, told, view.idleFor && view.idleFor * SECOND);
