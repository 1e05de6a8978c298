/** A schedule that is being played. */
interface Playing {
  /** The next thing that happens; what it awaits goes on when the caller yields. `false` when the schedule is over. */
  step(): boolean;
}

/** Many at a time: they share nothing but the yields, and a yield is what costs. */
const SIDE_BY_SIDE = 64;
const yieldOnce = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

/** Plays one schedule after the other, 64 of them side by side. */
export async function playSideBySide<Plan, Played extends Playing>(plans: Iterable<Plan>, begin: (plan: Plan) => Played, onEnd: (plan: Plan, played: Played) => void): Promise<void> {
  const waiting = plans[Symbol.iterator]();
  const playing: { readonly plan: Plan; readonly played: Played }[] = [];
  for (;;) {
    while (playing.length < SIDE_BY_SIDE) {
      const next = waiting.next();
      if (next.done) break;
      playing.push({ plan: next.value, played: begin(next.value) });
    }
    if (playing.length === 0) return;
    for (let i = playing.length - 1; i >= 0; i--) {
      const one = playing[i];
      if (!one || one.played.step()) continue;
      playing.splice(i, 1);
      onEnd(one.plan, one.played);
    }
    await yieldOnce();
  }
}

/** The schedules of a range of seeds, each drawn when its turn comes. */
export function* plansOf<Plan>(first: number, count: number, plan: (seed: number) => Plan): Generator<Plan> {
  for (let seed = first; seed < first + count; seed++) yield plan(seed);
}
