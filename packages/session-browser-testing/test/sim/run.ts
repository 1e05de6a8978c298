import { type Plan, plan } from "./plan.ts";
import { Play } from "./play.ts";

export interface Outcome {
  readonly seed: number;
  readonly violations: readonly string[];
  readonly tabs: number;
  readonly steps: number;
  readonly flights: number;
  readonly logouts: number;
}

/** Many schedules side by side: they share nothing but the yields, and a yield is what costs. */
const SIDE_BY_SIDE = 64;
const yieldOnce = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

export async function play(plans: Iterable<Plan>, onOutcome: (outcome: Outcome) => void, trace?: (line: string) => void): Promise<void> {
  const waiting = plans[Symbol.iterator]();
  const playing: { readonly plan: Plan; readonly play: Play }[] = [];
  for (;;) {
    while (playing.length < SIDE_BY_SIDE) {
      const next = waiting.next();
      if (next.done) break;
      playing.push({ plan: next.value, play: new Play(next.value, trace) });
    }
    if (playing.length === 0) return;
    for (let i = playing.length - 1; i >= 0; i--) {
      const one = playing[i];
      if (!one || one.play.step()) continue;
      playing.splice(i, 1);
      const { oracle, steps } = one.play;
      onOutcome({ seed: one.plan.seed, violations: oracle.violations, tabs: one.plan.tabs, steps, flights: oracle.flights, logouts: oracle.logouts });
    }
    await yieldOnce();
  }
}

export function* plans(first: number, count: number): Generator<Plan> {
  for (let seed = first; seed < first + count; seed++) yield plan(seed);
}
