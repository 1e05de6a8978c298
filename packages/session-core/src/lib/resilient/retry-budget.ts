/** How many calls may be repeated: each call earns a part of one. An engine in trouble must not get twice the load. */
export interface RetryBudget {
  earn(): void;
  /** Takes one, if there is one. */
  spend(): boolean;
}

/** Saved for a burst at the most. */
const MOST = 10;

/** @param share of the calls that may be repeated, 0 to 1. */
export function createRetryBudget(share: number): RetryBudget {
  let saved = MOST;
  return {
    earn() {
      saved = Math.min(MOST, saved + share);
    },
    spend() {
      if (share === 0 || saved < 1) return false;
      saved -= 1;
      return true;
    },
  };
}
