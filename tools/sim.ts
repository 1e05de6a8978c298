import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { bundle } from "../apps/sim/src/lib/bundle.ts";
import type { Cast, PlanOptions } from "../apps/sim/src/lib/plan.ts";
import { playAll, type Story, tell } from "../apps/sim/src/lib/pool.ts";
import { RULES } from "../apps/sim/src/lib/rules.ts";
import { table } from "../apps/sim/src/lib/tally.ts";

// `pnpm sim [--count 10000] [--first 1] [--store memory|sqlite] [--cast C]`: plays schedules; shrinks and tells the first that breaks a rule.
// `pnpm sim --seed N`: tells one. `pnpm sim --rules [--only text]`: removes each rule of the core in turn and finds a schedule that breaks.
const { values } = parseArgs({
  options: {
    count: { type: "string", default: "10000" },
    first: { type: "string", default: "1" },
    seed: { type: "string" },
    store: { type: "string" },
    cast: { type: "string" },
    workers: { type: "string" },
    rules: { type: "boolean", default: false },
    only: { type: "string", default: "" },
  },
});
const folder = mkdtempSync(join(tmpdir(), "holdfast-sim-"));
process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
const options: PlanOptions = { ...(values.store === "sqlite" ? { store: "sqlite" } : {}), ...(values.cast === undefined ? {} : { cast: values.cast as Cast }) };
const range = { first: Number(values.first), count: Number(values.count), options, ...(values.workers === undefined ? {} : { workers: Number(values.workers) }) };
const file = join(folder, "sim.mjs");

if (values.rules) await removeRules();
else {
  await bundle(file);
  if (values.seed === undefined) await playSchedules();
  else print(await tell(file, "replay", Number(values.seed), options));
}

async function playSchedules(): Promise<void> {
  const started = performance.now();
  let told = 0;
  const tally = await playAll(file, {
    ...range,
    onProgress(played) {
      if (process.stderr.isTTY && played - told >= 5000) process.stderr.write(`${(told = played)} schedules\n`);
    },
  });
  console.log(table(tally));
  console.log(`\n${Math.round((performance.now() - started) / 1000)} s`);
  const [first] = tally.violations;
  if (!first) return;
  process.exitCode = 1;
  for (const { seed, violations } of tally.violations) console.log(`seed ${seed}: ${violations[0]}`);
  console.log(`\nseed ${first.seed}, shrunk:`);
  print(await tell(file, "shrink", first.seed, options));
}

async function removeRules(): Promise<void> {
  console.log("| rule removed | first seed that breaks | what breaks |\n|---|---:|---|");
  for (const rule of RULES.filter(({ name }) => name.includes(values.only))) {
    const mutant = join(folder, `${RULES.indexOf(rule)}.mjs`);
    await bundle(mutant, rule.edits);
    const { violations } = await playAll(mutant, { ...range, untilBroken: true });
    const [first] = violations;
    console.log(`| ${rule.name} | ${first?.seed ?? "none"} | ${first?.violations[0] ?? "nothing"} |`);
    if (!first) process.exitCode = 1;
  }
}

function print({ plan, lines, violations }: Story): void {
  for (const act of plan.acts) console.log(JSON.stringify(act));
  console.log(lines.join("\n"));
  for (const violation of violations) console.log(`BROKEN  ${violation}`);
}
