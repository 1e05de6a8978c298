import type { Millis } from "@holdfast/session-protocol";
import type { Environment } from "./environment.ts";

/** What counts as activity though nobody moves. */
export interface Holds {
  /** Whether there is one now. */
  readonly some: () => boolean;
  /** Returns what ends it. */
  readonly add: (reason: string, max: Millis) => () => void;
  /** Ends all: their session is over. */
  readonly clear: () => void;
}

/** @param changed hears of each that begins, with its latest end, and of each that ends */
export function createHolds(env: Environment, changed: (reason: string, until: Millis | undefined) => void): Holds {
  const ends = new Map<() => void, Millis>();
  return {
    some() {
      for (const [end, until] of ends) if (until <= env.monotonic()) end();
      return ends.size > 0;
    },
    add(reason, max) {
      if (!(max > 0)) throw new RangeError("max: above 0 ms.");
      const end = (): void => void (ends.delete(end) && changed(reason, undefined));
      ends.set(end, env.monotonic() + max);
      changed(reason, env.now() + max);
      return end;
    },
    clear() {
      for (const end of ends.keys()) end();
    },
  };
}
