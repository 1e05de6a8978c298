import type { Affinity } from "../affinity.ts";
import { chiSquareTail } from "./chi-square.ts";

/** What one node saw in one window. Counts only: nothing that names a session leaves the node. */
export interface NodeWindow {
  readonly node: string;
  /** Its number: the time it began, in windows since 1970. */
  readonly window: number;
  readonly requests: number;
  /** Distinct sessions; a lower bound beyond `maxSessions`. */
  readonly sessions: number;
  /** Clients that the balancer sent here anew. */
  readonly assigned: number;
  /** Requests whose cookie named another node that takes clients. */
  readonly misrouted: number;
  /** The node has not been up for long enough to tell new clients from old ones. */
  readonly warming: boolean;
}

export interface Verdict {
  readonly window: number;
  /** `unknown`: not all nodes have told yet, one is warming, or there were too few new clients to say anything. */
  readonly state: "even" | "uneven" | "misrouted" | "unknown";
  /** The chance of a spread of new clients as uneven as this one, if the balancer kept to the weights; `undefined` with too few of them. */
  readonly chance: number | undefined;
  /** Of all requests, those that came to another node than their cookie names. */
  readonly misroutedShare: number;
  readonly nodes: readonly NodeWindow[];
}

/** Below it the chi-square distribution is no good approximation. */
const LEAST_EXPECTED = 5;
const MISROUTED_SHARE = 0.05;
/** Fewer requests than this say nothing about a share. */
const LEAST_REQUESTS = 100;

/**
 * Pure: one window of all nodes. It compares *new assignments* with the weights, by chi-square: people differ so much in how many requests they make that any check on requests raises false alarms
 * most of the time.
 * @param significance a chance below it is uneven
 */
export function judge({ nodes }: Affinity, window: number, seen: readonly NodeWindow[], significance: number): Verdict {
  const taking = nodes.filter(({ draining }) => !draining);
  const told = taking.map(({ label, weight }) => ({ weight, counts: seen.find(({ node }) => node === label) }));
  const requests = seen.reduce((sum, counts) => sum + counts.requests, 0);
  const misroutedShare = requests === 0 ? 0 : seen.reduce((sum, { misrouted }) => sum + misrouted, 0) / requests;
  const whole = told.every(({ counts }) => counts !== undefined && !counts.warming);
  const chance = whole ? chanceOf(told.map(({ weight, counts }) => ({ weight, assigned: counts?.assigned ?? 0 }))) : undefined;
  const misrouted = requests >= LEAST_REQUESTS && misroutedShare > MISROUTED_SHARE;
  const state = misrouted ? "misrouted" : chance === undefined ? "unknown" : chance < significance ? "uneven" : "even";
  return { window, state, chance, misroutedShare, nodes: seen };
}

function chanceOf(nodes: readonly { readonly weight: number; readonly assigned: number }[]): number | undefined {
  const weights = nodes.reduce((sum, { weight }) => sum + weight, 0);
  const all = nodes.reduce((sum, { assigned }) => sum + assigned, 0);
  const expected = nodes.map(({ weight }) => (all * weight) / weights);
  if (nodes.length < 2 || Math.min(...expected) < LEAST_EXPECTED) return undefined;
  const value = nodes.reduce((sum, { assigned }, index) => sum + (assigned - (expected[index] ?? 0)) ** 2 / (expected[index] ?? 1), 0);
  return chiSquareTail(value, nodes.length - 1);
}
