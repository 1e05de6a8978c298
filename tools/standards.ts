import { readFileSync } from "node:fs";
import { join } from "node:path";
import { lastRun } from "./lib/reports.ts";
import { type Group, parseNotApplicable, parseStandards, type Standing, standing } from "./lib/standards.ts";
import { root } from "./lib/workspace.ts";

// `npm run standards [-- --json | --verbose]`: which rows of docs/standards.md the last run of the tests proved.
const flags = process.argv.slice(2);
const read = (file: string): string => readFileSync(join(root, file), "utf8");

const groups = parseStandards(read("docs/standards.md"));
const run = lastRun();
const now = standing(groups, parseNotApplicable(read("decisions/standards-not-applicable.md")), run?.tests ?? []);

const report = (all: readonly Group[], { proven, notApplicable, tests, total, missing }: Standing, verbose: boolean): void => {
  const mark = (id: string): string => (proven.includes(id) ? "proven " : notApplicable.includes(id) ? "n/a    " : "missing");
  for (const { letter, title, requirements } of all) {
    const count = requirements.filter(({ id }) => proven.includes(id)).length;
    console.log(`${letter}  ${String(count).padStart(2)} of ${String(requirements.length).padStart(2)}  ${title}`);
    for (const { id, text } of verbose ? requirements : []) {
      console.log(`     ${mark(id)} ${id} ${text}`);
      for (const { outcome, file, name } of tests.get(id) ?? []) console.log(`               ${outcome}: ${file}: ${name}`);
    }
  }
  if (!verbose) console.log(`\nMissing: ${missing.join(" ") || "none"}\nNot applicable: ${notApplicable.join(" ") || "none"}`);
  console.log(`\n${proven.length} of ${total} proven, ${missing.length} missing, ${notApplicable.length} not applicable`);
};

if (flags.includes("--json")) {
  const { total, proven, missing, notApplicable } = now;
  console.log(JSON.stringify({ total, proven, missing, notApplicable }));
} else {
  report(groups, now, flags.includes("--verbose"));
}

if (run !== undefined && run.args.length > 0) console.error(`Note: the last run was of part of the tests only (${run.args.join(" ")}).`);
const problems = run === undefined ? ["no test report found: run the tests first (pnpm test)"] : now.problems;
for (const problem of problems) console.error(`FAILED  ${problem}`);
if (problems.length > 0) process.exitCode = 1;
