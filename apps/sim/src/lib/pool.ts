import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import type { Job } from "../worker.ts";
import type { Plan, PlanOptions } from "./plan.ts";
import { add, emptyTally, type Tally } from "./tally.ts";

export interface Range {
  readonly first: number;
  readonly count: number;
  readonly options?: PlanOptions;
  /** Stop soon after the first broken rule. */
  readonly untilBroken?: boolean;
  readonly workers?: number;
  readonly onProgress?: (played: number) => void;
}

/** A worker begins cold, so a long run has longer chunks. */
const chunkOf = (count: number, workers: number): number => Math.min(5000, Math.max(250, Math.ceil(count / workers / 8)));

/** Plays a range of schedules on all cores, in chunks. */
export async function playAll(file: string, { first, count, options = {}, untilBroken = false, workers = availableParallelism(), onProgress }: Range): Promise<Tally> {
  const sum = emptyTally();
  const chunk = chunkOf(count, workers);
  let next = first;
  let played = 0;
  const lane = async (): Promise<void> => {
    while (next < first + count && !(untilBroken && sum.violations.length > 0)) {
      const size = Math.min(untilBroken ? 100 : chunk, first + count - next);
      const from = next;
      next += size;
      add(sum, await ask<Tally>(file, { kind: "play", first: from, count: size, options, untilBroken }));
      onProgress?.((played += size));
    }
  };
  await Promise.all(Array.from({ length: workers }, lane));
  sum.violations.sort((a, b) => a.seed - b.seed);
  return sum;
}

export interface Story {
  readonly plan: Plan;
  readonly lines: readonly string[];
  readonly violations: readonly string[];
}

export const tell = (file: string, kind: "shrink" | "replay", seed: number, options: PlanOptions = {}): Promise<Story> => ask(file, { kind, seed, options });

function ask<T>(file: string, job: Job): Promise<T> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(file, { workerData: job, execArgv: ["--no-warnings"] });
    worker.once("message", resolve);
    worker.once("error", reject);
    worker.once("exit", (code) => code !== 0 && reject(new Error(`A worker of the simulator ended with code ${code}.`)));
  });
}
