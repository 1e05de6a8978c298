import type { Millis } from "./wire.ts";

/** When a session ends by itself, as absolute times on one clock. */
export interface Deadlines {
  /** End by inactivity; moved by the user's activity only. */
  readonly idleAt: Millis;
  /** End whatever the user does; moved by re-authentication only. */
  readonly absoluteAt: Millis;
}

export type Evaluation =
  /** Alive. `warning` says that the end is at most `warnBefore` away. `endsIn` > 0 is the time left, `by` the deadline that comes first. */
  | { readonly state: "active" | "warning"; readonly by: "idle" | "absolute"; readonly endsIn: Millis; readonly changesAt: Millis }
  | { readonly state: "expired"; readonly by: "idle" | "absolute" };

/**
 * The one rule by which server and browser decide whether a session still lives.
 * A deadline has passed when `now` has reached it. Where both have, the earlier one is the reason.
 *
 * @param warnBefore how long before the end the state turns to `warning`, in ms; 0 (the default) never warns.
 */
export function evaluate({ idleAt, absoluteAt }: Deadlines, now: Millis, warnBefore: Millis = 0): Evaluation {
  const by = idleAt < absoluteAt ? "idle" : "absolute";
  // NaN where either is, and nothing is less than NaN: a deadline that is not a number is over.
  const end = Math.min(idleAt, absoluteAt);
  const endsIn = end - now;
  if (!(endsIn > 0)) return { state: "expired", by };
  const warns = endsIn <= warnBefore;
  return { state: warns ? "warning" : "active", by, endsIn, changesAt: warns ? end : end - warnBefore };
}
