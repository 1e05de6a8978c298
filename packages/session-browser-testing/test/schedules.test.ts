import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { describe, expect, it } from "vitest";
import { bundle } from "../../../apps/sim/src/lib/bundle.ts";
import { plansOf } from "../../../apps/sim/src/lib/play-each.ts";
import { plan } from "./sim/plan.ts";
import { play } from "./sim/run.ts";
import { tabs } from "./sim/simulator.ts";

/** What is told of some schedules, with the rules that they broke. */
async function tell(by: typeof play, first: number, count: number): Promise<{ readonly lines: string[]; readonly broken: string[] }> {
  const [lines, broken]: [string[], string[]] = [[], []];
  await by(
    plansOf(first, count, plan),
    ({ seed, steps, violations }) => {
      lines.push(`seed ${seed}: ${steps} steps`);
      broken.push(...violations.map((violation) => `seed ${seed}: ${violation}`));
    },
    (line) => void lines.push(line),
  );
  return { lines, broken };
}

// Ten thousand are played by apps/sim/test/tabs.test.ts, with what stands in for the platform: requests, headers, signals.
describe("the client in several tabs, simulated", () => {
  it("[L06] [H12] breaks no rule on the real platform, and what stands in for it makes no difference", { timeout: 600_000 }, async () => {
    const folder = mkdtempSync(join(tmpdir(), "holdfast-tabs-"));
    const file = join(folder, "fast.mjs");
    const { stackTraceLimit } = Error;
    try {
      await bundle(file, { ...tabs, entry: fileURLToPath(new URL("sim/run.ts", import.meta.url)) });
      const fast = (await import(pathToFileURL(file).href)) as { readonly play: typeof play };
      const real = await tell(play, 1, 150);
      expect(real.broken).toEqual([]);
      expect(await tell(fast.play, 1, 150)).toEqual(real);
    } finally {
      Error.stackTraceLimit = stackTraceLimit;
      rmSync(folder, { recursive: true });
    }
  });

  it("a seed is a schedule: twice the same", async () => {
    const told = await tell(play, 42, 1);
    expect(told.lines.length).toBeGreaterThan(10);
    expect(await tell(play, 42, 1)).toEqual(told);
  });
});
