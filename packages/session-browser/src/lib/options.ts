import type { Millis } from "@holdfast/session-protocol";
import type { Environment } from "./environment.ts";

export interface ClientOptions {
  /** Where the session routes are. Default `/session`. */
  readonly base?: string;
  /** How long before the end the state turns to `warning`. Default 120 s, at least 20 s (WCAG 2.2.1), at most half of the idle time. */
  readonly warnBefore?: Millis;
  /** What activity does during the warning: `extend` (default) ends it in all tabs, `ask` waits for `extend()`. */
  readonly whileWarning?: "extend" | "ask";
  /** Parts of the platform to replace. */
  readonly environment?: Partial<Environment>;
}

export const LEAST_WARNING: Millis = 20_000;
const DEFAULT_WARNING: Millis = 120_000;

/** @throws RangeError for a warning that is too short to be acted on */
export function warningOf({ warnBefore = DEFAULT_WARNING }: ClientOptions): Millis {
  if (!(warnBefore >= LEAST_WARNING)) throw new RangeError("warnBefore: WCAG 2.2.1 asks for at least 20,000 ms.");
  return warnBefore;
}

/** Input this recent means that a user is behind a request. */
export const PRESENT_FOR: Millis = 10_000;
/** Wall and monotonic clock may differ by this much before the server is asked. */
export const DRIFT: Millis = 2000;
/** Between two questions that nobody asked for: 5 s, twice as long after each failure, at most a minute. */
export const pauseAfter = (failures: number): Millis => Math.min(60_000, 5000 * 2 ** failures);
export const SECOND: Millis = 1000;
/** Timers only make things prompt; each one looks at the clock again, so none needs to be long. */
export const LONGEST_TIMER: Millis = 60_000;
