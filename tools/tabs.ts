import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { bundle, type Edit } from "../apps/sim/src/lib/bundle.ts";
import { RULES } from "../packages/session-browser-testing/test/sim/rules.ts";
import type { Outcome } from "../packages/session-browser-testing/test/sim/run.ts";

// `pnpm tabs [--first 1] [--count 10000]`: plays schedules of several tabs of the browser client. `pnpm tabs --seed N`: tells one.
// `pnpm tabs --rules [--only text] [--count 20000]`: removes each rule of the client in turn and finds a schedule that breaks.
const { values } = parseArgs({
  options: {
    count: { type: "string", default: "10000" },
    first: { type: "string", default: "1" },
    seed: { type: "string" },
    rules: { type: "boolean", default: false },
    only: { type: "string", default: "" },
  },
});
const here = (path: string): string => fileURLToPath(new URL(`../packages/session-browser-testing/test/sim/${path}`, import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "holdfast-tabs-"));
process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
const count = Number(values.count);

async function load(edits: readonly Edit[] = []): Promise<typeof import("../packages/session-browser-testing/test/sim/run.ts")> {
  const file = join(folder, `${Math.random()}.mjs`);
  await bundle(file, edits, here("run.ts"), [here("fast.ts")]);
  return import(pathToFileURL(file).href) as Promise<typeof import("../packages/session-browser-testing/test/sim/run.ts")>;
}

if (values.rules) {
  console.log("| rule removed | first seed that breaks | what breaks |\n|---|---:|---|");
  for (const { name, edits, seed } of RULES.filter((rule) => rule.name.includes(values.only))) {
    const { play, plans } = await load(edits);
    let broken: Outcome | undefined;
    for (let first = seed; !broken && first < seed + count; first += 100) await play(plans(first, 100), (outcome) => void (outcome.violations.length > 0 && (broken = !broken || outcome.seed < broken.seed ? outcome : broken)));
    console.log(`| ${name} | ${broken?.seed ?? "none"} | ${broken?.violations[0] ?? "nothing"} |`);
    if (!broken) process.exitCode = 1;
  }
} else {
  const { play, plans } = await load();
  const alone = values.seed !== undefined;
  const before = process.cpuUsage();
  let flights = 0;
  await play(
    alone ? plans(Number(values.seed), 1) : plans(Number(values.first), count),
    (outcome) => {
      flights += outcome.flights;
      if (outcome.violations.length === 0) return;
      process.exitCode = 1;
      for (const violation of outcome.violations) console.log(`seed ${outcome.seed}: BROKEN  ${violation}`);
    },
    alone ? console.log : undefined,
  );
  const { user, system } = process.cpuUsage(before);
  if (!alone) console.log(`${count} schedules, ${flights} questions, ${((user + system) / 1000 / count).toFixed(1)} ms of CPU each`);
}
