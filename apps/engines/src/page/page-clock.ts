import type { Surroundings } from "@holdfast/session-browser";

/** By how much the two clocks of the test are ahead of the machine's. A higher version is the later setting. */
export interface Offsets {
  readonly version: number;
  readonly wall: number;
  readonly steady: number;
  /** Timers run when the test lets time pass and at no other moment: for what would depend on the speed of the machine. */
  readonly still?: boolean;
}

export interface PageClock {
  readonly parts: Pick<Surroundings, "now" | "monotonic" | "setTimer">;
  /** Timers that are due run, in order: time went by. */
  readonly passed: (to: Offsets) => void;
  /** None runs: the machine slept, or its clock was set. */
  readonly jumped: (to: Offsets) => void;
}

/** Where all pages of the origin find it. */
export const CLOCK = "test:clock";

/**
 * Real clocks and real timers with an offset, which all pages of the origin share as they would share the machine's clock: through the storage, because a
 * page in the back-forward cache cannot be told.
 */
export function pageClock(given: Offsets): PageClock {
  let latest = given;
  const begun = given.steady;
  const timers = new Set<{ readonly due: number; readonly run: () => void }>();

  function offsets(): Offsets {
    const stored = JSON.parse(localStorage.getItem(CLOCK) ?? "null") as Offsets | null;
    if (stored && stored.version > latest.version) latest = stored;
    return latest;
  }
  function jumped(to: Offsets): void {
    latest = to;
    localStorage.setItem(CLOCK, JSON.stringify(to));
  }
  const monotonic = (): number => performance.now() + offsets().steady - begun;

  return {
    jumped,
    passed(to) {
      jumped(to);
      for (;;) {
        const [next] = [...timers].filter(({ due }) => due <= monotonic()).sort((a, b) => a.due - b.due);
        if (!next) return;
        next.run();
      }
    },
    parts: {
      now: () => Date.now() + offsets().wall,
      monotonic,
      setTimer(work, ms) {
        const cancel = (): void => {
          clearTimeout(id);
          timers.delete(timer);
        };
        const run = (): void => {
          cancel();
          work();
        };
        const timer = { due: monotonic() + ms, run };
        const id = given.still ? undefined : setTimeout(run, ms);
        timers.add(timer);
        return cancel;
      },
    },
  };
}
