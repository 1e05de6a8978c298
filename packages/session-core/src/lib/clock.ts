import type { Millis } from "@holdfast/session-protocol";

/** Time enters the core through this, and tests inject their own. */
export interface Clock {
  now(): Millis;
  /** Resolves after `ms`: between attempts of writers that collide, and between the looks of `watch`. Other work must get its turn meanwhile. */
  wait(ms: Millis): Promise<void>;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  wait: (ms) =>
    new Promise((resolve) => {
      setTimeout(resolve, ms);
    }),
};
