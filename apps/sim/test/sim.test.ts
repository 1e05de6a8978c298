import { describe, expect, it } from "vitest";
import { playAll, troubleIn } from "../src/lib/pool.ts";
import { core } from "../src/lib/simulator.ts";
import { total } from "../src/lib/tally.ts";
import { schedules, simulated } from "./simulated.ts";

describe("the core, simulated", () => {
  const { intact } = simulated(core, "[H03] [H04] [A09]", (sum) => {
    const { requests, reuseRaised, thiefAnswered } = total(sum);
    // Many requests, thieves that are answered, and alarms.
    expect(requests).toBeGreaterThan(20 * schedules);
    expect(reuseRaised).toBeGreaterThan(0);
    expect(thiefAnswered).toBeGreaterThan(0);
  });

  it("breaks no rule over SQLite", { timeout: 600_000 }, async () => {
    const options = { store: "sqlite" };
    expect(await troubleIn(await playAll(core, intact, { first: 1, count: schedules / 20, options }), intact, options)).toEqual([]);
  });
});
