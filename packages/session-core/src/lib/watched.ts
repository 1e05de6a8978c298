import type { Millis } from "@holdfast/session-protocol";

/** The watchers of one session in this process share a poll. */
export interface Watched {
  every: Millis;
  /** Counts the polls: a shorter interval begins another one, and the one before stops. */
  round: number;
  readonly controllers: Set<AbortController>;
}
