import { join } from "node:path";
import { bundle } from "./bundle.ts";
import { playAll, type Range } from "./pool.ts";
import type { Judged, Rule, Simulator, Sum } from "./simulation.ts";

/** The first schedule found that breaks when the rule is taken away, and the bundle without it, which is left in the folder. */
export async function withoutRule<Total extends Sum>(simulator: Simulator<Total>, { edits, seed }: Rule, folder: string, range: Partial<Range> = {}): Promise<{ readonly file: string; readonly broken: Judged | undefined }> {
  const file = join(folder, `${seed}-${Math.random()}.mjs`);
  await bundle(file, simulator, edits);
  const { violations } = await playAll(simulator, file, { first: seed, count: 10_000, ...range, untilBroken: true });
  return { file, broken: violations[0] };
}
