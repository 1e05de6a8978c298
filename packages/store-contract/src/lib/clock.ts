import type { Clock } from "@holdfast/session-core/store";

/** A clock that stands still until it is told to move. */
export interface TestClock extends Clock {
  advance(ms: number): void;
}

/** The clock of one case: `advance` may have to wait where the engine's own clock decides. */
export interface CaseClock extends Clock {
  advance(ms: number): void | Promise<void>;
}

/**
 * A manual clock. `wait` moves it by that much and resolves at once.
 * @param start where it begins; default: the present, because an engine with a time to live of its own drops rows of the past.
 */
export function createTestClock(start: number = Date.now()): TestClock {
  let now = start;
  const advance = (ms: number): void => {
    now += ms;
  };
  return {
    now: () => now,
    advance,
    wait: async (ms) => advance(ms),
  };
}

/** For `clock: "engine"`: nobody can move the engine's clock, so the case lives through the time, and a little more for rounding. */
export function createEngineClock(): CaseClock {
  const wait = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      setTimeout(resolve, ms);
    });
  return { now: () => Date.now(), advance: (ms) => wait(ms + 50), wait };
}
