import fc from "fast-check";
import { afterAll, expect, vi } from "vitest";

export const DRILL = Boolean(process.env["HOLDFAST_DRILL"]);
/** Inputs of one family of parsers: a few thousand in a normal run, a million in a drill. */
export const INPUTS = Number(process.env["HOLDFAST_FUZZ_INPUTS"] ?? (DRILL ? 1_000_000 : 3000));
// Given back by a failure, to run that one input again.
const SEED = process.env["HOLDFAST_FUZZ_SEED"];
const PATH = process.env["HOLDFAST_FUZZ_PATH"];
/** A worker that is busy for longer without a pause counts as lost. */
const BATCH = 10_000;

export type Each = <T>(share: number, inputs: fc.Arbitrary<T>, check: (input: T) => void | boolean) => Promise<void>;

/**
 * The properties of one family: each takes its share of the inputs, which differ from run to run. A failure shrinks its input and says how
 * to run it again; at the end it is said how many inputs there were.
 */
export function family(name: string): Each {
  let tried = 0;
  // A busy machine may take its time.
  vi.setConfig({ testTimeout: DRILL ? 3_600_000 : 60_000 });
  afterAll(() => console.log(`fuzz: ${name}: ${tried.toLocaleString("en")} inputs`));
  return async (share, inputs, check) => {
    const all = Math.ceil(INPUTS * share);
    const property = fc.property(inputs, check);
    if (SEED !== undefined) return replay(property, Number(SEED), PATH);
    const first = Math.floor(Math.random() * 0x7fff_ffff);
    for (let done = 0; done < all; done += BATCH) {
      const details = fc.check(property, { numRuns: Math.min(BATCH, all - done), seed: (first + done) | 0, endOnFailure: false });
      tried += details.numRuns;
      report(details);
      await new Promise(setImmediate);
    }
  };
}

function replay<T>(property: fc.IProperty<T>, seed: number, path: string | undefined): void {
  report(fc.check(property, { seed, ...(path === undefined ? {} : { path, endOnFailure: true }) }));
}

/** @throws Error with the shrunken input and the way back to it */
export function report<T>(details: fc.RunDetails<T>): void {
  if (!details.failed) return;
  const again = `HOLDFAST_FUZZ_SEED=${details.seed} HOLDFAST_FUZZ_PATH=${details.counterexamplePath ?? ""}`;
  const test = expect.getState().currentTestName ?? "";
  throw new Error(`${fc.defaultReportMessage(details)}\nAgain: ${again} vitest run --project unit -t ${JSON.stringify(test)}`, { cause: details.errorInstance });
}

/** Says what went wrong with an input. `expect` would cost more than the parser, a million times. */
export function must(holds: boolean, what: string): void {
  if (!holds) throw new Error(what);
}
