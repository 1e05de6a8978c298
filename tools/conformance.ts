import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { PLAYERS } from "../apps/conformance/test/support/columns.ts";
import { type Column, matrix } from "../apps/conformance/src/table.ts";
import { BROWSERS } from "./lib/browsers.ts";
import { isCi } from "./lib/ci.ts";
import { findPrograms } from "./lib/programs.ts";
import { buildAll } from "./lib/shell.ts";
import { root } from "./lib/workspace.ts";

// `pnpm conformance [part of a runtime's name]`: builds the packages and runs the neutral suite in every runtime, one after the other. A whole and green
// matrix goes into docs/runtimes.md.
const [only = ""] = process.argv.slice(2).filter((argument) => argument !== "--");
const START = "<!-- written by `pnpm conformance` -->\n";
const END = "<!-- end -->";
const file = join(root, "docs/runtimes.md");

buildAll("packages");
const { env } = findPrograms(Object.values(BROWSERS));
for (const [name, path] of Object.entries(env)) if (path !== undefined) process.env[name] = path;

const columns: Column[] = [];
const problems: string[] = [];
const asked = PLAYERS.filter(({ runtime }) => runtime.toLowerCase().includes(only.toLowerCase()));
for (const { runtime, find } of asked) {
  try {
    const found = find();
    if (!found) continue;
    const { version, results } = await found.play();
    columns.push({ runtime, version, results });
    for (const { suite, name, fault } of results) if (fault !== undefined) problems.push(`${runtime}: ${suite}: ${name}: ${fault}`);
  } catch (error) {
    problems.push(`${runtime}: ${error instanceof Error ? error.message : String(error)}`);
  }
}
if (asked.length === 0) problems.push(`no runtime is called ${only}`);
for (const problem of problems) console.error(`FAILED  ${problem}`);
console.log(`\n${matrix(columns).replaceAll("<br>", " ")}\n`);
const missing = asked.length - columns.length;
if (problems.length > 0 || (missing > 0 && isCi())) process.exitCode = 1;
else if (missing === 0 && only === "") {
  const [before = "", rest = ""] = readFileSync(file, "utf8").split(START);
  writeFileSync(file, `${before}${START}\n${matrix(columns)}\n\n${END}${rest.split(END)[1] ?? "\n"}`);
}
const cases = columns.flatMap(({ results }) => results);
console.log(`${columns.length} runtimes${missing > 0 ? `, ${missing} not run` : ""}: ${cases.filter(({ fault }) => fault === undefined).length} passed, ${cases.filter(({ fault }) => fault !== undefined).length} failed`);
