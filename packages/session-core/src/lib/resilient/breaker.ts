import type { Millis } from "@holdfast/session-protocol";

/** Whether the store is asked. `half-open`: one call may try it, the others are refused until that one is back. */
export type StoreHealth = "closed" | "open" | "half-open";

export interface BreakerOptions {
  /** So many faults with no success between them open it. */
  readonly failures: number;
  /** How long it stays open, in ms; twice as long after each try that fails... */
  readonly pause: Millis;
  /** ...up to this. */
  readonly longestPause: Millis;
}

export interface Breaker {
  readonly health: StoreHealth;
  /** Faults since the last success. */
  readonly failures: number;
  /** When it was last closed and then opened; `undefined` while it is closed. */
  readonly openSince: Millis | undefined;
  /** `probe`: this call is the one that tries. */
  admit(now: Millis): "call" | "probe" | "refuse";
  /** Returns whether that closed it. What began before it opened says nothing any more. */
  succeeded(probe: boolean): boolean;
  /** Returns whether that opened it. @param spread 0 to 1, chance: servers that share an engine shall not try at one moment */
  failed(now: Millis, probe: boolean, spread: number): boolean;
  /** The caller went away: nothing is known, and the next call may try. */
  abandoned(probe: boolean): void;
}

/** A circuit breaker that counts faults in a row. Pure but for what it remembers: time and chance are arguments. */
export function createBreaker(options: BreakerOptions): Breaker {
  let health: StoreHealth = "closed";
  let failures = 0;
  let pause = options.pause;
  let until = 0;
  let openSince: Millis | undefined;
  const open = (now: Millis, spread: number): true => {
    health = "open";
    openSince ??= now;
    until = now + pause * (0.5 + spread / 2);
    pause = Math.min(pause * 2, options.longestPause);
    return true;
  };
  return {
    get health() {
      return health;
    },
    get failures() {
      return failures;
    },
    get openSince() {
      return openSince;
    },
    admit(now) {
      if (health === "closed") return "call";
      if (now < until) return "refuse";
      health = "half-open";
      // One that has not come back by then never will.
      until = now + options.longestPause;
      return "probe";
    },
    succeeded(probe) {
      if (health !== "closed" && !probe) return false;
      const closed = health !== "closed";
      health = "closed";
      failures = 0;
      pause = options.pause;
      openSince = undefined;
      return closed;
    },
    failed(now, probe, spread) {
      if (health !== "closed" && !probe) return false;
      failures += 1;
      return (probe || failures >= options.failures) && open(now, spread);
    },
    abandoned(probe) {
      if (!probe) return;
      health = "open";
      until = 0;
    },
  };
}
