import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { shuffle, type Spread, spread } from "./statistics.ts";

export type Host = "Hono" | "Express" | "Fastify";

export interface Case {
  readonly name: string;
  readonly kind: "bare" | "session" | "micro";
  /** Whose bare cost is subtracted. */
  readonly host?: Host;
  /** One operation. Gives its result, or a function that reads it: the measured batches leave bodies unread. */
  readonly run: () => unknown;
  readonly expected: string;
  readonly packages: readonly string[];
}

export interface Row {
  readonly name: string;
  readonly kind: Case["kind"];
  readonly host?: Host;
  /** CPU microseconds of one operation, user and system, all threads of the process. */
  readonly cpu: Spread;
  /** The same less the bare framework's of the same round; for `kind: "session"`. */
  readonly cost?: Spread;
}

export interface Plan {
  readonly rounds: number;
  /** CPU time that one batch should take. */
  readonly batchMs: number;
}

setFlagsFromString("--expose-gc");
const gc = runInNewContext("gc") as (options: { readonly type: "minor" }) => void;

/** Runs every case once and compares its answer: a fast wrong answer is no figure. */
export async function verify(cases: readonly Case[]): Promise<void> {
  for (const { name, run, expected } of cases) {
    const result = await run();
    const found: unknown = typeof result === "function" ? await result() : result;
    if (found !== expected) throw new Error(`${name}: expected ${expected}, got ${String(found)}`);
  }
}

/** All cases in each round, in another order each time, so that what disturbs the machine disturbs them alike. */
export async function measure(cases: readonly Case[], { rounds, batchMs }: Plan, progress: (round: number) => void): Promise<Row[]> {
  const sizes = new Map<Case, number>(cases.map((it) => [it, 200]));
  const figures = new Map<Case, number[]>(cases.map((it) => [it, []]));
  // Rounds before the first warm the code up and settle how many operations make a batch.
  for (let round = -2; round < rounds; round++) {
    for (const it of shuffle(cases)) {
      const micros = await batch(it, sizes.get(it) ?? 1);
      if (round < 0) sizes.set(it, Math.max(50, Math.ceil((batchMs * 1000) / micros)));
      else figures.get(it)?.push(micros);
    }
    progress(round);
  }
  const of = (it: Case | undefined): readonly number[] => (it && figures.get(it)) ?? [];
  return cases.map((it): Row => {
    const { name, kind, host } = it;
    const bare = of(cases.find((other) => other.kind === "bare" && other.host === host));
    const row = { name, kind, cpu: spread(of(it)), ...(host && { host }) };
    return kind === "session" ? { ...row, cost: spread(of(it).map((micros, round) => micros - (bare[round] ?? Number.NaN))) } : row;
  });
}

/** How many times what `it` costs `other` does, in each round one right after the other: two cases far apart in a shuffled round meet different machines. */
export async function ratioOf(it: Case, other: Case, { rounds, batchMs }: Plan): Promise<Spread> {
  const pair = [it, other] as const;
  const sizes = new Map<Case, number>(pair.map((one) => [one, 200]));
  const ratios: number[] = [];
  for (let round = -3; round < rounds; round++) {
    const micros = new Map<Case, number>();
    for (const one of round % 2 === 0 ? pair : pair.toReversed()) micros.set(one, await batch(one, sizes.get(one) ?? 1));
    const [mine = Number.NaN, theirs = Number.NaN] = pair.map((one) => micros.get(one));
    if (round >= 0) ratios.push(mine / theirs);
    else for (const one of pair) sizes.set(one, Math.max(50, Math.ceil((batchMs * 1000) / (micros.get(one) ?? Number.NaN))));
  }
  return spread(ratios);
}

/** CPU microseconds per operation. What was garbage before is collected first, so that each case pays for its own only. */
async function batch({ run }: Case, size: number): Promise<number> {
  gc({ type: "minor" });
  const before = process.cpuUsage();
  for (let i = 0; i < size; i++) await run();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / size;
}
