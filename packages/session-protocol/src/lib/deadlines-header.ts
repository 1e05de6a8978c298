import type { Seconds } from "./wire.ts";

/** What `Session-Deadlines` carries: `idle=1799, absolute=28799, epoch="k3..."`. */
export interface SessionDeadlines {
  readonly idle: Seconds;
  readonly absolute: Seconds;
  /** Public handle of the session; another value means another session. Never a credential. */
  readonly epoch: string;
}

/** Longest header that is looked at; ours is under 80 characters. */
const MAX_LENGTH = 512;

// One dictionary member (RFC 9651 section 3.2) of the kinds that occur here, its parameters skipped.
const MEMBER =
  /^([a-z*][a-z0-9_.*-]*)(?:=(?:(-?\d{1,15})(?![\d.])|"((?:[^"\\\x00-\x1f\x7f-\uffff]|\\["\\])*)"|[A-Za-z0-9:*/.+?-]+))?(?:;[^,"]*)?$/;

/** Formats the header value. Fractions are cut off, so that a browser never believes in more time than there is. */
export function formatDeadlines(deadlines: SessionDeadlines): string {
  const idle = Math.max(0, Math.floor(deadlines.idle));
  const absolute = Math.max(0, Math.floor(deadlines.absolute));
  return `idle=${idle}, absolute=${absolute}, epoch="${deadlines.epoch}"`;
}

/** Parses the header value; `null` when it is missing, malformed or incomplete. Unknown members are ignored. Never throws. */
export function parseDeadlines(value: string | null | undefined): SessionDeadlines | null {
  if (!value || value.length > MAX_LENGTH) return null;
  let idle: number | undefined;
  let absolute: number | undefined;
  let epoch: string | undefined;
  for (const part of value.split(",")) {
    const member = MEMBER.exec(part.trim());
    if (!member) return null;
    const [, key, integer, string] = member;
    if (key === "idle") idle = seconds(integer);
    else if (key === "absolute") absolute = seconds(integer);
    // Ours has nothing to escape.
    else if (key === "epoch") epoch = string?.includes("\\") ? undefined : string;
  }
  if (idle === undefined || absolute === undefined || !epoch) return null;
  return { idle, absolute, epoch };
}

const seconds = (digits: string | undefined): Seconds | undefined =>
  digits === undefined || digits.startsWith("-") ? undefined : Number(digits);
