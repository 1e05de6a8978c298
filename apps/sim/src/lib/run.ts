import type { Plan } from "./plan.ts";
import { playEach } from "./play-each.ts";
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

export const play = (plans: Iterable<Plan>, onOutcome: (outcome: Outcome) => void, trace?: (line: string) => void): Promise<void> =>
  playEach(
    plans,
    (next) => new World(next, trace),
    ({ seed, cast }, { oracle, requests }) => {
      const { violations, signOuts, thiefAnswered, reuseRaised, collided } = oracle;
      onOutcome({ seed, cast, violations, requests, signOuts, thiefAnswered, reuseRaised, collided });
    },
  );
