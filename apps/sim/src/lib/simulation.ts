import type { Edit } from "./bundle.ts";

/** How one schedule came out. */
export interface Judged {
  readonly seed: number;
  readonly violations: readonly string[];
}

/** What many schedules came to, with the first of those that broke a rule. */
export interface Sum {
  readonly violations: Judged[];
}

/** A schedule: everything that chance decides, so that it can be played again and shrunk. */
export interface Schedule<Act = unknown> {
  readonly seed: number;
  readonly acts: readonly Act[];
}

/** What is played: the worker's half of a simulator. */
export interface Simulation<Act, Plan extends Schedule<Act>, Options, Outcome extends Judged, Total extends Sum> {
  readonly plan: (seed: number, options: Options) => Plan;
  readonly play: (plans: Iterable<Plan>, onOutcome: (outcome: Outcome) => void, trace?: (line: string) => void) => Promise<void>;
  readonly emptyTally: () => Total;
  readonly count: (tally: Total, outcome: Outcome) => void;
  /** Ways to make an act plainer; `undefined` where it is as plain as can be. */
  readonly simpler: readonly ((act: Act) => Act | undefined)[];
  /** What makes a whole schedule plainer. */
  readonly plainer: readonly Partial<Plan>[];
}

/** A rule of the code, how it is taken away, and the seed from which on a schedule then breaks (found by `--rules`). */
export interface Rule {
  readonly name: string;
  readonly edits: readonly Edit[];
  readonly seed: number;
}

/** Who plays it: the half that starts workers. */
export interface Simulator<Total extends Sum> {
  /** The worker's file, which calls `serve`. */
  readonly entry: string;
  /** Files whose exports take the place of globals. */
  readonly inject?: readonly string[];
  readonly rules: readonly Rule[];
  readonly emptyTally: () => Total;
  readonly add: (sum: Total, other: Total) => void;
  /** For people, in Markdown. */
  readonly table: (sum: Total) => string;
}
