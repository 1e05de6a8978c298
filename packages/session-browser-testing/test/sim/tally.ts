import type { Outcome } from "./run.ts";

export interface Tally {
  schedules: number;
  tabs: number;
  flights: number;
  logouts: number;
  broken: number;
  readonly violations: Outcome[];
}

const KEPT = 20;

export const emptyTally = (): Tally => ({ schedules: 0, tabs: 0, flights: 0, logouts: 0, broken: 0, violations: [] });

export function count(tally: Tally, outcome: Outcome): void {
  const { tabs, flights, logouts, violations } = outcome;
  const broken = violations.length > 0;
  add(tally, { schedules: 1, tabs, flights, logouts, broken: broken ? 1 : 0, violations: broken ? [outcome] : [] });
}

export function add(sum: Tally, other: Tally): void {
  for (const key of ["schedules", "tabs", "flights", "logouts", "broken"] as const) sum[key] += other[key];
  sum.violations.push(...other.violations.slice(0, KEPT - sum.violations.length));
}

export const table = ({ schedules, tabs, flights, logouts, broken }: Tally): string =>
  `| schedules | tabs at the beginning | questions to the server | sign-outs | rules broken |\n|---:|---:|---:|---:|---:|\n| ${schedules} | ${tabs} | ${flights} | ${logouts} | ${broken} |`;
