import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import type { Job, Story } from "./serve.ts";
import type { Simulator, Sum } from "./simulation.ts";

export interface Range {
  readonly first: number;
  readonly count: number;
  /** For the schedules; what there is differs from simulator to simulator. */
  readonly options?: object;
  /** Stop soon after the first broken rule. */
  readonly untilBroken?: boolean;
  readonly workers?: number;
  readonly onProgress?: (played: number) => void;
}

/** A worker begins cold, so a long run has longer chunks. */
const chunkOf = (count: number, workers: number): number => Math.min(5000, Math.max(250, Math.ceil(count / workers / 8)));

/**
 * Plays a range of schedules on all cores, in chunks.
 *
 * @param file the simulator's bundle
 */
export async function playAll<Total extends Sum>({ emptyTally, add }: Pick<Simulator<Total>, "add" | "emptyTally">, file: string, range: Range): Promise<Total> {
  const { first, count, options = {}, untilBroken = false, workers = availableParallelism(), onProgress } = range;
  const sum = emptyTally();
  const chunk = chunkOf(count, workers);
  let next = first;
  let played = 0;
  const lane = async (): Promise<void> => {
    while (next < first + count && !(untilBroken && sum.violations.length > 0)) {
      const size = Math.min(untilBroken ? 100 : chunk, first + count - next);
      const from = next;
      next += size;
      add(sum, await ask<Total>(file, { kind: "play", first: from, count: size, options, untilBroken }));
      onProgress?.((played += size));
    }
  };
  await Promise.all(Array.from({ length: workers }, lane));
  sum.violations.sort((a, b) => a.seed - b.seed);
  return sum;
}

export const tell = (file: string, kind: "shrink" | "replay", seed: number, options: object = {}): Promise<Story> => ask(file, { kind, seed, options });

/** What broke, for people: the seeds, and the story of the first of them, shrunk. Empty when nothing did. */
export async function troubleIn({ violations: broken }: Sum, file: string, options: object = {}): Promise<string[]> {
  const [first] = broken;
  if (!first) return [];
  return [...broken.map(({ seed, violations }) => `seed ${seed}: ${violations[0]}`), `seed ${first.seed}, shrunk:`, ...linesOf(await tell(file, "shrink", first.seed, options))];
}

export const linesOf = ({ plan: { acts, ...rest }, lines, violations }: Story): string[] => [JSON.stringify(rest), ...acts.map((act) => JSON.stringify(act)), ...lines, ...violations.map((violation) => `BROKEN  ${violation}`)];

function ask<T>(file: string, job: Job): Promise<T> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(file, { workerData: job, execArgv: ["--no-warnings"] });
    worker.once("message", resolve);
    worker.once("error", reject);
    worker.once("exit", (code) => code !== 0 && reject(new Error(`A worker of the simulator ended with code ${code}.`)));
  });
}
