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

// One dictionary member (RFC 9651 section 3.2) of the kinds that occur here, its parameters skipped: an integer that can be a time, a string, or something else.
const MEMBER = /^([a-z*][a-z0-9_.*-]*)(?:=(?:(\d{1,15})|"((?:[ !#-[\]-~]|\\["\\])*)"|[A-Za-z0-9:*/.+?-]+))?(?:;[^,"]*)?$/;

/** Formats the header value. Fractions are cut off, so that a browser never believes in more time than there is. */
export function formatDeadlines(deadlines: SessionDeadlines): string {
  const idle = Math.max(0, Math.floor(deadlines.idle));
  const absolute = Math.max(0, Math.floor(deadlines.absolute));
  return `idle=${idle}, absolute=${absolute}, epoch="${deadlines.epoch}"`;
}

/** Parses the header value; `null` when it is missing, malformed or incomplete. Unknown members are ignored. Never throws. */
export function parseDeadlines(value: string | null | undefined): SessionDeadlines | null {
  if (!value || value.length > MAX_LENGTH) return null;
  const found: Record<string, string | undefined> = {};
  for (const part of value.split(",")) {
    const [, key, integer, string] = MEMBER.exec(part.trim()) ?? [];
    if (!key) return null;
    found[key] = key === "epoch" ? string : integer;
  }
  const { idle, absolute, epoch } = found;
  // Ours has nothing to escape.
  return idle && absolute && epoch && !epoch.includes("\\") ? { idle: Number(idle), absolute: Number(absolute), epoch } : null;
}
