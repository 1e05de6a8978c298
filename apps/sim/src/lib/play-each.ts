/** A schedule that is being played. */
interface Playing {
  /** The next thing that happens; what it awaits goes on before the one after it. `false` when the schedule is over. */
  step(): boolean;
}

/**
 * Runs what waits for promises, as Node does after each callback, without a turn of the event loop: that would cost more than the step before it. No public
 * function does; where this one is gone each step takes its turn.
 */
const { _tickCallback: settle } = process as unknown as { readonly _tickCallback?: () => void };

/** Plays one schedule after the other. */
export async function playEach<Plan, Played extends Playing>(plans: Iterable<Plan>, begin: (plan: Plan) => Played, onEnd: (plan: Plan, played: Played) => void): Promise<void> {
  for (const plan of plans) {
    const played = begin(plan);
    await new Promise<void>((resolve, reject) => {
      const go = (): void => {
        try {
          while (played.step()) {
            if (!settle) return void setImmediate(go);
            settle();
          }
          resolve();
        } catch (error) {
          reject(error as Error);
        }
      };
      setImmediate(go);
    });
    onEnd(plan, played);
  }
}

/** The schedules of a range of seeds, each drawn when its turn comes. */
export function* plansOf<Plan>(first: number, count: number, plan: (seed: number) => Plan): Generator<Plan> {
  for (let seed = first; seed < first + count; seed++) yield plan(seed);
}
