import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bundle } from "../../apps/sim/src/lib/bundle.ts";
import { linesOf, playAll, tell, troubleIn } from "../../apps/sim/src/lib/pool.ts";
import type { Simulator, Sum } from "../../apps/sim/src/lib/simulation.ts";
import { withoutRule } from "../../apps/sim/src/lib/without-rule.ts";

/** What each simulator's command takes. */
export const SIMULATOR_OPTIONS = {
  count: { type: "string", default: "10000" },
  first: { type: "string" },
  seed: { type: "string" },
  workers: { type: "string" },
  rules: { type: "boolean", default: false },
  only: { type: "string", default: "" },
} as const;

export interface Asked {
  readonly count: string;
  readonly first?: string | undefined;
  readonly seed?: string | undefined;
  readonly workers?: string | undefined;
  readonly rules: boolean;
  readonly only: string;
}

/** Plays schedules and tells the first that breaks, shrunk; or tells one; or takes each rule away and finds a schedule that then breaks. */
export async function runSimulator<Total extends Sum>(simulator: Simulator<Total>, asked: Asked, options: object = {}): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-sim-"));
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  const range = { count: Number(asked.count), options, ...(asked.workers === undefined ? {} : { workers: Number(asked.workers) }) };
  const first = asked.first === undefined ? {} : { first: Number(asked.first) };

  if (asked.rules) {
    console.log("| rule removed | first seed that breaks | what breaks |\n|---|---:|---|");
    for (const rule of simulator.rules.filter(({ name }) => name.includes(asked.only))) {
      const { broken } = await withoutRule(simulator, rule, folder, { ...range, ...first });
      console.log(`| ${rule.name} | ${broken?.seed ?? "none"} | ${broken?.violations[0] ?? "nothing"} |`);
      if (!broken) process.exitCode = 1;
    }
    return;
  }
  const file = join(folder, "intact.mjs");
  await bundle(file, simulator);
  if (asked.seed !== undefined) return console.log(linesOf(await tell(file, "replay", Number(asked.seed), options)).join("\n"));

  const [started, before] = [performance.now(), process.cpuUsage()];
  let told = 0;
  const sum = await playAll(simulator, file, {
    first: 1,
    ...first,
    ...range,
    onProgress(played) {
      if (process.stderr.isTTY && played - told >= 5000) process.stderr.write(`${(told = played)} schedules\n`);
    },
  });
  const { user, system } = process.cpuUsage(before);
  console.log(`${simulator.table(sum)}\n\n${Math.round((performance.now() - started) / 1000)} s, ${((user + system) / 1000 / range.count).toFixed(1)} ms of CPU for each`);
  const trouble = await troubleIn(sum, file, options);
  if (trouble.length === 0) return;
  process.exitCode = 1;
  console.log(trouble.join("\n"));
}
