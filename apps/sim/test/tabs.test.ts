import { describe, expect, it } from "vitest";
import { tabs } from "../../../packages/session-browser-testing/test/sim/simulator.ts";
import { tell } from "../src/lib/pool.ts";
import { withoutRule } from "../src/lib/without-rule.ts";
import { schedules, simulated } from "./simulated.ts";

describe("the browser client in several tabs, simulated", () => {
  const { folder } = simulated(tabs, "[L06] [H12]", ({ flights, logouts }) => {
    expect(flights).toBeGreaterThan(5 * schedules);
    expect(logouts).toBeGreaterThan(schedules / 20);
  });

  it("a schedule that breaks shrinks to one that breaks as well, and is told the same way twice", { timeout: 900_000 }, async () => {
    const rule = tabs.rules.find(({ name }) => name.startsWith("one tab at a time"));
    if (!rule) throw new Error("no such rule");
    const { file, broken } = await withoutRule(tabs, rule, folder);
    if (!broken) throw new Error("nothing breaks");
    const whole = await tell(file, "replay", broken.seed);
    const [shrunk, again] = [await tell(file, "shrink", broken.seed), await tell(file, "shrink", broken.seed)];
    expect(whole.violations).toEqual(broken.violations);
    expect(shrunk.violations).not.toEqual([]);
    expect(shrunk.plan.acts.length).toBeLessThan(whole.plan.acts.length);
    expect(shrunk).toEqual(again);
  });
});
