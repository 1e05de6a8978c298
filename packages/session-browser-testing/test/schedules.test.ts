import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { describe, expect, it } from "vitest";
import { bundle } from "../../../apps/sim/src/lib/bundle.ts";
import { play, plans } from "./sim/run.ts";

// 10,000 take a minute of a core that has nothing else to do (`pnpm tabs --count 10000`, and here in a drill).
const schedules = process.env["HOLDFAST_DRILL"] ? 10_000 : 400;

describe("the client in several tabs, simulated", () => {
  it(`[L06] [H12] breaks no rule in ${schedules} schedules`, { timeout: 1_800_000 }, async () => {
    const broken: string[] = [];
    let [flights, logouts] = [0, 0];
    await play(plans(1, schedules), (outcome) => {
      flights += outcome.flights;
      logouts += outcome.logouts;
      if (outcome.violations.length > 0) broken.push(`seed ${outcome.seed}: ${outcome.violations[0]}`);
    });
    expect(broken).toEqual([]);
    // The schedules are what they are said to be.
    expect(flights).toBeGreaterThan(5 * schedules);
    expect(logouts).toBeGreaterThan(schedules / 20);
  });

  it("what stands in for the platform makes no difference", async () => {
    const folder = mkdtempSync(join(tmpdir(), "holdfast-tabs-"));
    const file = join(folder, "fast.mjs");
    const here = (name: string): string => fileURLToPath(new URL(`sim/${name}`, import.meta.url));
    const { stackTraceLimit } = Error;
    try {
      await bundle(file, [], here("run.ts"), [here("fast.ts")]);
      const fast = (await import(pathToFileURL(file).href)) as { readonly play: typeof play };
      const tell = async (by: typeof play): Promise<string[]> => {
        const lines: string[] = [];
        await by(plans(1, 100), ({ seed, steps }) => void lines.push(`seed ${seed}: ${steps} steps`), (line) => void lines.push(line));
        return lines;
      };
      expect(await tell(fast.play)).toEqual(await tell(play));
    } finally {
      Error.stackTraceLimit = stackTraceLimit;
      rmSync(folder, { recursive: true });
    }
  });

  it("a seed is a schedule: twice the same", async () => {
    const told: string[][] = [];
    for (let i = 0; i < 2; i++) {
      const lines: string[] = [];
      await play(plans(42, 1), () => undefined, (line) => void lines.push(line));
      told.push(lines);
    }
    expect(told[0]?.length).toBeGreaterThan(10);
    expect(told[0]).toEqual(told[1]);
  });
});
