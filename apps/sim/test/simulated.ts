import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { bundle } from "../src/lib/bundle.ts";
import { playAll, troubleIn } from "../src/lib/pool.ts";
import type { Simulator, Sum } from "../src/lib/simulation.ts";
import { withoutRule } from "../src/lib/without-rule.ts";
import { temporaryFolder } from "../../../tools/services/folder.ts";

export const schedules = process.env["HOLDFAST_DRILL"] ? 100_000 : 10_000;

/**
 * What every simulator shows: no schedule breaks a rule, and without any of the rules one does.
 *
 * @param rows of the standards
 * @param expected looks whether the schedules are what they are said to be
 * @returns where its bundle is, and the folder for others
 */
export function simulated<Total extends Sum>(simulator: Simulator<Total>, rows: string, expected: (sum: Total) => void): { readonly intact: string; readonly folder: string } {
  const { path: folder, remove } = temporaryFolder("holdfast-sim-");
  const intact = join(folder, "intact.mjs");
  beforeAll(() => bundle(intact, simulator));
  afterAll(remove);

  it(`${rows} breaks no rule in ${schedules} schedules`, { timeout: 1_800_000 }, async () => {
    const sum = await playAll(simulator, intact, { first: 1, count: schedules });
    expect(await troubleIn(sum, intact)).toEqual([]);
    expected(sum);
  });

  // The pinned seed is where the search begins: a change of the code that moves chance along needs no new seeds.
  it.each(simulator.rules)("without this rule a schedule from $seed on breaks: $name", { timeout: 900_000 }, async (rule) => {
    const { broken } = await withoutRule(simulator, rule, folder);
    expect(broken).toBeDefined();
    if (broken) expect((await playAll(simulator, intact, { first: broken.seed, count: 1, workers: 1 })).violations).toEqual([]);
  });
  return { intact, folder };
}
