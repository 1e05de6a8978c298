import type { Millis } from "@holdfast/session-protocol";
import type { Invalidations } from "./invalidations.ts";

/** For how long the copies of this process may be believed. */
export interface Lease {
  /** Whether every change made longer ago than the lease lasts has been told. */
  holds(): boolean;
  close(): void;
}

/** Counts on when the process stands still, and never goes back: what a lease is measured with. */
export const monotonic = (): Millis => performance.now();

/**
 * A lease that each answer to `sync` renews, counted from when the question was *sent*: the answer and the changes come in one ordered stream, so whatever
 * fails (a partition, a half-open connection, a paused process), no copy is believed for longer than `duration` after it went out of date.
 */
export function createLease(source: Invalidations, duration: Millis, onReset: () => void, onChanged: (id: string) => void): Lease {
  let until = Number.NEGATIVE_INFINITY;
  let era = 0;
  let asking = false;
  let open = true;
  const ask = async (again = true): Promise<void> => {
    // One question at a time: while it is not answered the lease runs out, which is the answer.
    if (asking) return;
    asking = true;
    const asked = monotonic();
    const of = era;
    try {
      await source.sync();
      if (of === era) until = asked + duration;
    } catch {
      // Broken: the source mends itself and says `reset`.
    } finally {
      asking = false;
    }
    // The stream began anew meanwhile, and works: without another question no copy would be believed until the next one's turn. Once only, or each might bring the next.
    if (of !== era && again && open) await ask(false);
  };
  const stop = source.listen({
    changed: onChanged,
    reset() {
      era += 1;
      until = Number.NEGATIVE_INFINITY;
      onReset();
      void ask();
    },
  });
  const timer = setInterval(() => void ask(), duration / 4);
  (timer as { unref?: () => void }).unref?.();
  void ask();
  return {
    holds: () => monotonic() < until,
    close() {
      open = false;
      clearInterval(timer);
      era += 1;
      until = Number.NEGATIVE_INFINITY;
      stop();
    },
  };
}
