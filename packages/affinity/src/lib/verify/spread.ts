import { chiSquareTail } from "../monitor/chi-square.ts";
import type { Finding } from "./findings.ts";
import { sum } from "./probe.ts";

/** How often each of these two tests may call a fair balancer wrong. */
const SIGNIFICANCE = 0.001;

/** New clients by node, judged by chi-square against equal shares; `nodes` are all that ever answered, so that one which nobody met counts too. */
export function unevenness(spread: ReadonlyMap<string, number>, nodes: ReadonlySet<string>): Finding[] {
  const counts = [...nodes].map((node) => [node, spread.get(node) ?? 0] as const);
  const mean = sum(counts.map(([, count]) => count)) / counts.length;
  if (counts.length < 2 || mean === 0) return [];
  const chance = chiSquareTail(sum(counts.map(([, count]) => (count - mean) ** 2 / mean)), counts.length - 1);
  if (chance >= SIGNIFICANCE) return [];
  return [{ code: "uneven", text: `new clients were spread ${counts.map(([node, count]) => `${node} ${count}`).join(", ")}: chance alone does that less than once in ${Math.min(1e9, Math.floor(1 / chance))} times.` }];
}

/** Some of a number of clients. */
export interface Share {
  readonly of: number;
  readonly some: number;
}

/** Whether `after` is so little in relation to `before` that chance alone would hardly do it: Fisher's exact test, one-sided. */
export const isLess = (after: Share, before: Share): boolean => chanceOfSoFew(after, before) < SIGNIFICANCE;

/** Whether none at all would be called less. */
export const canTell = (of: number, before: Share): boolean => isLess({ of, some: 0 }, before);

/** The chance that of all that are `some`, at most `after.some` are among `after.of`: the lower tail of the hypergeometric distribution. */
export function chanceOfSoFew(after: Share, before: Share): number {
  const some = after.some + before.some;
  const fewest = Math.max(0, some - before.of);
  let chance = 0;
  let log = logChoose(after.of, fewest) + logChoose(before.of, some - fewest) - logChoose(after.of + before.of, some);
  for (let count = fewest; count <= after.some; count += 1) {
    chance += Math.exp(log);
    log += Math.log(((after.of - count) * (some - count)) / ((count + 1) * (before.of - some + count + 1)));
  }
  return Math.min(1, chance);
}

function logChoose(of: number, some: number): number {
  let log = 0;
  for (let index = 1; index <= some; index += 1) log += Math.log((of - some + index) / index);
  return log;
}
