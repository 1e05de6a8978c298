import { type Plan, plan, type PlanOptions } from "./plan.ts";
import { World } from "./world.ts";

export interface Outcome {
  readonly seed: number;
  readonly cast: Plan["cast"];
  readonly violations: readonly string[];
  readonly requests: number;
  readonly signOuts: number;
  readonly thiefAnswered: number;
  readonly reuseRaised: number;
  readonly collided: boolean;
}

/** Many schedules side by side: they share nothing but the yields, and a yield is what costs. */
const SIDE_BY_SIDE = 64;
const yieldOnce = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

export async function play(plans: Iterable<Plan>, onOutcome: (outcome: Outcome) => void, trace?: (line: string) => void): Promise<void> {
  const waiting = plans[Symbol.iterator]();
  const playing: { readonly plan: Plan; readonly world: World }[] = [];
  for (;;) {
    while (playing.length < SIDE_BY_SIDE) {
      const next = waiting.next();
      if (next.done) break;
      playing.push({ plan: next.value, world: new World(next.value, trace) });
    }
    if (playing.length === 0) return;
    for (let i = playing.length - 1; i >= 0; i--) {
      const one = playing[i];
      if (!one || one.world.step()) continue;
      playing.splice(i, 1);
      const { oracle, requests } = one.world;
      const { violations, signOuts, thiefAnswered, reuseRaised, collided } = oracle;
      onOutcome({ seed: one.plan.seed, cast: one.plan.cast, violations, requests, signOuts, thiefAnswered, reuseRaised, collided });
    }
    await yieldOnce();
  }
}

export function* plans(first: number, count: number, options: PlanOptions = {}): Generator<Plan> {
  for (let seed = first; seed < first + count; seed++) yield plan(seed, options);
}
