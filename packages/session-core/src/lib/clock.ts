import type { Millis } from "@holdfast/session-protocol";

/** Time enters the core through this, and tests inject their own. */
export interface Clock {
  now(): Millis;
  /** Resolves after `ms`. Only used to spread writers that collide across processes. */
  wait(ms: Millis): Promise<void>;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  wait: (ms) =>
    new Promise((resolve) => {
      setTimeout(resolve, ms);
    }),
};
