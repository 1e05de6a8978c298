import type { Affinity, AffinityOptions } from "@holdfast/affinity";
import type { Verification } from "@holdfast/affinity/verify";
import type { StageOptions } from "./verified.ts";

/** A set-up, and what the probe has to say to it. */
export interface Row {
  readonly name: string;
  readonly options?: Omit<AffinityOptions, "nodes">;
  /** The configuration; by default the one that is generated. */
  readonly text?: (affinity: Affinity, listen: string) => string;
  readonly probe?: StageOptions;
  readonly key: Verification["key"];
  /** Exactly these codes. */
  readonly findings: readonly string[];
  /** Why no node's loss is looked at. Without it, one is, all of its clients move, and nothing is left untold. */
  readonly untried?: "there is no other" | "clients move anyway";
  /**
   * Why the spread is another one in each run, so that `uneven` is right when it is that far from even, and wrong when it is not. Without it the spread is always the same,
   * and `uneven` is asked for like the other codes.
   */
  readonly spreadBy?: "chance" | "a hash of ports" | "how many requests are under way";
}

/** Of each kind: where chance spreads, as many as the command takes, so that what is excused below is no more. */
export const clientsOf = ({ spreadBy }: Row): number => (spreadBy === undefined ? 45 : 90);

/** Chi-square beyond which chance goes once in a thousand times, for two degrees of freedom: the tables of statistics have it. */
const BEYOND_CHANCE = 13.816;

export const chiSquareOf = (spread: Readonly<Record<string, number>>): number => {
  const counts = ["a", "b", "c"].map((node) => spread[node] ?? 0);
  const mean = counts.reduce((sum, count) => sum + count, 0) / counts.length;
  return counts.reduce((sum, count) => sum + (count - mean) ** 2 / mean, 0);
};

/** A quarter of the new clients that the node's share before lets expect. */
export const isNear = (newOnIt: number, newcomers: number, shareBefore: number): boolean => newOnIt > 0 && newOnIt >= (newcomers * shareBefore) / 4;

/**
 * Where chance spreads, a node that is back is called `not_back` about once in a thousand runs: a test of the figures (verify.test.ts) holds the probe to that, not each of these runs. Only where it was met nearly as before, and
 * where nothing else says that it is not back, is that excused. verdict.test.ts works out how seldom chance goes beyond.
 */
function isExcused({ key, spreadBy }: Row, { loss, spread }: Verification, node: string | undefined): boolean {
  if (spreadBy === undefined || loss === undefined || node === undefined) return false;
  const all = Object.values(spread).reduce((sum, count) => sum + count, 0);
  // Rules of kube-proxy's shape forget who was on a node that is gone: all others have to find it again.
  const isForgetful = key === "address" && spreadBy === "chance";
  return (isForgetful || loss.holdersElsewhere === 0) && isNear(loss.newOnIt, loss.newcomers, (spread[node] ?? 0) / all);
}

/** In what the verdict differs from the one that was asked for; none is a row that holds. */
export function differencesFrom(row: Row, found: Verification): readonly string[] {
  const { key, findings, untried, spreadBy } = row;
  const { loss } = found;
  const expected = [...findings, ...(spreadBy !== undefined && chiSquareOf(found.spread) > BEYOND_CHANCE ? ["uneven"] : [])].toSorted().join();
  const told = found.findings.filter(({ code, text }) => code !== "not_back" || findings.includes(code) || !isExcused(row, found, /^when (\w+) was/.exec(text)?.[1])).map(({ code }) => code).toSorted().join();
  const lost = loss === undefined ? "no node's loss was looked at" : loss.victims === 0 || loss.victimsMoved !== loss.victims ? `${loss.victimsMoved} of ${loss.victims} clients of the node moved` : undefined;
  const differences = [
    found.key !== key && `the key is ${found.key}, not ${key}`,
    told !== expected && `it says ${told || "nothing"}, not ${expected || "nothing"}`,
    found.errors > 0 && `${found.errors} requests failed`,
    untried === undefined ? lost : loss !== undefined && "a node's loss was looked at",
    found.untried.some((text) => untried === undefined || !text.endsWith(`: ${untried}.`)) && `it leaves untold ${found.untried.join(" ")}`,
    untried !== undefined && found.untried.length === 0 && "it does not say that no node's loss was looked at",
  ];
  return differences.filter((difference) => typeof difference === "string");
}
