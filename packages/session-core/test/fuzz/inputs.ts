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

type Inputs<Check> = <T>(share: number, inputs: fc.Arbitrary<T>, check: (input: T) => Check) => Promise<void>;

/**
 * The properties of one family: each takes its share of the inputs, which differ from run to run. A failure shrinks its input and says how
 * to run it again; at the end it is said how many inputs there were.
 */
export function family(name: string): Inputs<void | boolean> {
  const run = runner(name);
  return (share, inputs, check) => run(share, async (parameters) => outcomeOf(fc.check(fc.property(inputs, check), parameters)));
}

/** The same for checks that wait for something. */
export function familyOfRequests(name: string): Inputs<Promise<void>> {
  const run = runner(name);
  return (share, inputs, check) => run(share, async (parameters) => outcomeOf(await fc.check(fc.asyncProperty(inputs, check), parameters)));
}

interface Outcome {
  readonly tried: number;
  readonly failure: Error | undefined;
}
type Round = (parameters: { readonly seed: number; readonly numRuns?: number; readonly path?: string; readonly endOnFailure?: boolean }) => Promise<Outcome>;

function runner(name: string): (share: number, round: Round) => Promise<void> {
  let tried = 0;
  // A busy machine may take its time.
  vi.setConfig({ testTimeout: DRILL ? 3_600_000 : 60_000 });
  afterAll(() => console.log(`fuzz: ${name}: ${tried.toLocaleString("en")} inputs`));
  return async (share, round) => {
    const all = SEED === undefined ? Math.ceil(INPUTS * share) : 0;
    if (SEED !== undefined) {
      const { failure } = await round({ seed: Number(SEED), ...(PATH === undefined ? {} : { path: PATH, endOnFailure: true }) });
      if (failure) throw failure;
    }
    const first = Math.floor(Math.random() * 0x7fff_ffff);
    for (let done = 0; done < all; done += BATCH) {
      const { tried: more, failure } = await round({ numRuns: Math.min(BATCH, all - done), seed: (first + done) | 0 });
      tried += more;
      if (failure) throw failure;
      await new Promise(setImmediate);
    }
  };
}

/** A failure has the shrunken input and the way back to it. */
function outcomeOf<T>(details: fc.RunDetails<T>): Outcome {
  if (!details.failed) return { tried: details.numRuns, failure: undefined };
  const again = `HOLDFAST_FUZZ_SEED=${details.seed} HOLDFAST_FUZZ_PATH=${details.counterexamplePath ?? ""}`;
  const test = expect.getState().currentTestName ?? "";
  const message = `${fc.defaultReportMessage(details)}\nAgain: ${again} vitest run --project unit -t ${JSON.stringify(test)}`;
  return { tried: details.numRuns, failure: new Error(message, { cause: details.errorInstance }) };
}

/** Says what went wrong with an input. `expect` would cost more than the parser, a million times. */
export function must(holds: boolean, what: string): void {
  if (!holds) throw new Error(what);
}
