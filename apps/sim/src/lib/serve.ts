import { parentPort, workerData } from "node:worker_threads";
import { plansOf } from "./play-each.ts";
import { outcomeOf, shrink } from "./shrink.ts";
import type { Judged, Schedule, Simulation, Sum } from "./simulation.ts";

/** What a worker is asked: to play many schedules, until the first broken rule if so wished, or to tell the story of one, shrunk or whole. */
export type Job<Options = unknown> =
  | { readonly kind: "play"; readonly first: number; readonly count: number; readonly options: Options; readonly untilBroken: boolean }
  | { readonly kind: "shrink" | "replay"; readonly seed: number; readonly options: Options };

export interface Story {
  readonly plan: Schedule;
  readonly lines: readonly string[];
  readonly violations: readonly string[];
}

/** Does what the worker is for, and posts the sum or the story. */
export async function serve<Act, Plan extends Schedule<Act>, Options, Outcome extends Judged, Total extends Sum>(simulation: Simulation<Act, Plan, Options, Outcome, Total>): Promise<void> {
  const job = workerData as Job<Options>;
  if (job.kind === "play") {
    const tally = simulation.emptyTally();
    const until = function* () {
      for (const next of plansOf(job.first, job.count, (seed) => simulation.plan(seed, job.options))) {
        if (job.untilBroken && tally.violations.length > 0) return;
        yield next;
      }
    };
    await simulation.play(until(), (outcome) => simulation.count(tally, outcome));
    parentPort?.postMessage(tally);
  } else {
    const whole = simulation.plan(job.seed, job.options);
    const plan = job.kind === "shrink" ? await shrink(simulation, whole) : whole;
    const lines: string[] = [];
    const { violations } = await outcomeOf(simulation, plan, (line) => void lines.push(line));
    const story: Story = { plan, lines, violations };
    parentPort?.postMessage(story);
  }
}
