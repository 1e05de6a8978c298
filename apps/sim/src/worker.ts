import { parentPort, workerData } from "node:worker_threads";
import { plan, type PlanOptions } from "./lib/plan.ts";
import { play, plans } from "./lib/run.ts";
import { outcomeOf, shrink } from "./lib/shrink.ts";
import { count, emptyTally } from "./lib/tally.ts";

/** What a worker is asked: to play many schedules, until the first broken rule if so wished, or to shrink one and tell its story. */
export type Job =
  | { readonly kind: "play"; readonly first: number; readonly count: number; readonly options: PlanOptions; readonly untilBroken: boolean }
  | { readonly kind: "shrink" | "replay"; readonly seed: number; readonly options: PlanOptions };

const job = workerData as Job;
if (job.kind === "play") {
  const tally = emptyTally();
  const until = function* () {
    for (const next of plans(job.first, job.count, job.options)) {
      if (job.untilBroken && tally.violations.length > 0) return;
      yield next;
    }
  };
  await play(until(), (outcome) => count(tally, outcome));
  parentPort?.postMessage(tally);
} else {
  const whole = plan(job.seed, job.options);
  const told = job.kind === "shrink" ? await shrink(whole) : whole;
  const lines: string[] = [];
  const { violations } = await outcomeOf(told, (line) => void lines.push(line));
  parentPort?.postMessage({ plan: told, lines, violations });
}
