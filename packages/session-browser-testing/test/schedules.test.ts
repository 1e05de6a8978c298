import { describe, expect, it } from "vitest";
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
