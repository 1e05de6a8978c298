import { playEach } from "../../../../apps/sim/src/lib/play-each.ts";
import type { Plan } from "./plan.ts";
import { Play } from "./play.ts";

export interface Outcome {
  readonly seed: number;
  readonly violations: readonly string[];
  readonly tabs: number;
  readonly steps: number;
  readonly flights: number;
  readonly logouts: number;
}

export const play = (plans: Iterable<Plan>, onOutcome: (outcome: Outcome) => void, trace?: (line: string) => void): Promise<void> =>
  playEach(
    plans,
    (next) => new Play(next, trace),
    ({ seed, tabs }, { oracle: { violations, flights, logouts }, steps }) => onOutcome({ seed, violations, tabs, steps, flights, logouts }),
  );
