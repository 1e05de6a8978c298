import type { Millis } from "@holdfast/session-protocol";
import type { Environment } from "./environment.ts";

/** What the idle timer and the session client have in common. */
export interface WatchOptions {
  /** How long before the end the state turns to `warning`. Default 120 s, at least 20 s (WCAG 2.2.1). At most half of a short idle time, but no less than 20 s or three quarters of it. */
  readonly warnBefore?: Millis;
  /** What activity does during the warning: `extend` (default) ends it in all tabs, `ask` waits for `extend()`. */
  readonly whileWarning?: "extend" | "ask";
  /** Origins of frames in this page whose `reportActivity()` counts as activity here. Default none. */
  readonly frames?: readonly string[];
  /** Parts of the platform to replace. */
  readonly environment?: Partial<Environment>;
}

export interface ClientOptions extends WatchOptions {
  /** Where the session routes are. Default `/session`. */
  readonly base?: string;
  /** How long `beforeLogout` participants have, in ms. Default 3 s, at most 10 s. */
  readonly leaveWithin?: Millis;
  /**
   * Name of a cookie without secrets that your server changes at sign-in and sign-out: when it does, in whatever tab, the server is asked.
   * `__Host-sid-hint` with `cookie: { hint: true }` of session-core, which no subdomain shares; for those it takes a cookie of yours with a `Domain`.
   */
  readonly hintCookie?: string;
}

export const LEAST_WARNING: Millis = 20_000;

/** @throws RangeError for a warning that is too short to be acted on */
export function warningOf({ warnBefore = 120_000 }: WatchOptions): Millis {
  if (!(warnBefore >= LEAST_WARNING)) throw new RangeError("warnBefore: at least 20000 ms (WCAG 2.2.1).");
  return warnBefore;
}

export const SECOND: Millis = 1000;
/** Timers only make things prompt; each one looks at the clocks again, so none needs to be long. */
export const LONGEST_TIMER: Millis = 60_000;

/** @throws RangeError for a time that is too long to make somebody wait who wants to leave */
export function leaveWithinOf({ leaveWithin = 3000 }: ClientOptions): Millis {
  if (!(leaveWithin >= 0 && leaveWithin <= 10_000)) throw new RangeError("leaveWithin: 0 to 10000 ms.");
  return leaveWithin;
}
