import type { Cast } from "./plan.ts";
import type { Outcome } from "./run.ts";

export interface Figures {
  schedules: number;
  requests: number;
  violated: number;
  /** Schedules in which the thief got at least one answer, reuse was raised, the victim lost the session. */
  thiefAnswered: number;
  reuseRaised: number;
  signedOut: number;
  /** A late answer of a signed-out session took the cookie of the sign-in after it. */
  collided: number;
}

export interface Tally {
  readonly casts: Partial<Record<Cast, Figures>>;
  readonly violations: Outcome[];
}

const KEPT = 20;

export const emptyTally = (): Tally => ({ casts: {}, violations: [] });

export function count(tally: Tally, outcome: Outcome): void {
  const figures = (tally.casts[outcome.cast] ??= none());
  figures.schedules++;
  figures.requests += outcome.requests;
  if (outcome.thiefAnswered > 0) figures.thiefAnswered++;
  if (outcome.reuseRaised > 0) figures.reuseRaised++;
  if (outcome.signOuts > 0) figures.signedOut++;
  if (outcome.collided) figures.collided++;
  if (outcome.violations.length === 0) return;
  figures.violated++;
  if (tally.violations.length < KEPT) tally.violations.push(outcome);
}

export function add(sum: Tally, other: Tally): void {
  for (const [cast, figures] of Object.entries(other.casts) as [Cast, Figures][]) {
    const into = (sum.casts[cast] ??= none());
    for (const key of Object.keys(into) as (keyof Figures)[]) into[key] += figures[key];
  }
  sum.violations.push(...other.violations.slice(0, KEPT - sum.violations.length));
}

/** The sums of all casts. */
export function total({ casts }: Tally): Figures {
  const sum = none();
  for (const figures of Object.values(casts)) for (const key of Object.keys(sum) as (keyof Figures)[]) sum[key] += figures[key];
  return sum;
}

/** A table for people, in Markdown. */
export function table(tally: Tally): string {
  const rows = [...(Object.entries(tally.casts) as [string, Figures][]).toSorted(([a], [b]) => a.localeCompare(b)), ["all", total(tally)] as const];
  const lines = rows.map(([cast, f]) => `| ${cast} | ${f.schedules} | ${f.requests} | ${f.violated} | ${f.thiefAnswered} | ${f.reuseRaised} | ${f.signedOut} | ${f.collided} |`);
  return ["| cast | schedules | requests | rules broken | thief answered | reuse raised | victim signed out | cookies collided |", "|---|---:|---:|---:|---:|---:|---:|---:|", ...lines].join("\n");
}

const none = (): Figures => ({ schedules: 0, requests: 0, violated: 0, thiefAnswered: 0, reuseRaised: 0, signedOut: 0, collided: 0 });
