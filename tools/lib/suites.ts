import { globSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isGiven, SERVICES, type ServiceName } from "../services/programs.ts";
import { BROWSERS } from "./browsers.ts";
import { isCi } from "./ci.ts";
import { findPrograms } from "./programs.ts";
import { readReport, reportsFolder, summaryLine, type Tally, type TestResult, tally, testsOf } from "./reports.ts";
import { BuildFailed, buildAll, run } from "./shell.ts";
import { root } from "./workspace.ts";

const projects = ["unit", "stores", "system", "examples"] as const;

export interface Tier {
  /** Names the reports: `test` or `drill`. */
  readonly name: string;
  /** From the command line, passed on to vitest: files, `-t name` and the like. */
  readonly filters: readonly string[];
  /** Options of vitest that belong to the tier. */
  readonly options?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** One tier from the build to its last line, `N passed, N failed, N skipped`, which is printed whatever happens. */
export const runTier = (tier: Tier): void => {
  mkdirSync(reportsFolder, { recursive: true });
  // First of all, so that nothing can take the reports of an earlier run for those of one that did not get far.
  for (const old of globSync(`${tier.name}{,-*}.json`, { cwd: reportsFolder })) rmSync(join(reportsFolder, old));
  const sum = attempt(tier);
  writeFileSync(join(reportsFolder, `${tier.name}.json`), JSON.stringify({ args: tier.filters, finished: new Date().toISOString(), ...sum }));
  if (sum.failed > 0) process.exitCode = 1;
  console.log(summaryLine(sum));
};

const attempt = (tier: Tier): Tally => {
  try {
    buildAll();
    return runSuites(tier);
  } catch (error) {
    console.error(error instanceof BuildFailed ? `FAILED  ${error.message}` : error);
    return { passed: 0, failed: 1, skipped: 0 };
  }
};

/** Runs every test project and says what happened. A run without a single test is a failure. */
const runSuites = ({ name, filters, options = [], env = {} }: Tier): Tally => {
  const inCi = isCi();
  const services = Object.keys(SERVICES) as ServiceName[];
  const given = services.filter(isGiven);
  if (given.length > 0) console.log(`Used as they are given: ${given.join(", ")}. Suites that need a server of their own are skipped for them.`);
  const programs = findPrograms([...Object.values(BROWSERS), ...services.filter((service) => !isGiven(service)).map((service) => SERVICES[service])]);
  const problems: string[] = [];
  if (programs.missing.length > 0) announce(programs.missing, inCi, problems);

  const tests = projects.flatMap((project) => {
    const outputFile = join(reportsFolder, `${name}-${project}.json`);
    const vitest = run(
      process.execPath,
      [join(root, "node_modules/vitest/vitest.mjs"), "run", "--project", project, "--passWithNoTests", "--reporter=default", "--reporter=json", `--outputFile.json=${outputFile}`, ...options, ...filters],
      { show: true, env: { ...env, ...programs.env } },
    );
    const report = readReport(outputFile);
    const found = report === undefined ? [] : testsOf(report);
    if (vitest.code !== 0 && !found.some(({ outcome }) => outcome === "failed")) problems.push(`vitest ended with code ${vitest.code} in project "${project}" although no test failed`);
    if (found.length === 0 && filters.length === 0) problems.push(`project "${project}" has no tests`);
    return found;
  });
  const whole = filters.length === 0;
  // Where others of the file that need the same thing passed, it was there: such a test was skipped for another reason, which it tells.
  const met = new Set(tests.filter(({ outcome }) => outcome === "passed").map(needOf));
  const excused = (need = ""): boolean => need === "" || met.has(need) || given.some((service) => new RegExp(`\\[needs .*\\b${service}\\b`).test(need));
  const unmet = inCi && whole ? tests.filter((test) => test.outcome === "skipped" && !excused(needOf(test))) : [];
  for (const test of unmet) problems.push(`skipped for want of something, which is a failure with CI set: ${test.file}: ${test.name}`);
  if (tests.length === 0) problems.push("no test ran");
  if (whole) listSkipped(tests);
  const faults = tests.filter(({ outcome }) => outcome === "failed").map(({ file, name, fault }) => [`${file}: ${name}`, ...(fault ? [fault] : [])].join(": "));
  // Lines of this kind are what `.ci/run` says again at its end.
  for (const problem of [...faults, ...problems]) console.error(`FAILED  ${problem}`);
  const { passed, failed, skipped } = tally(tests);
  return { passed, failed: failed + problems.length, skipped };
};

/** The file of a test and what it says that it needs. */
const needOf = ({ file, name }: TestResult): string | undefined => {
  const need = /\[needs [^\]]+\]/.exec(name)?.[0];
  return need && `${file} ${need}`;
};

const announce = (missing: readonly string[], inCi: boolean, problems: string[]): void => {
  const what = `Browsers and servers that were not found and could not be installed (a variable can name one elsewhere): ${missing.join(", ")}`;
  if (inCi) problems.push(`${what}: with CI set that is a failure`);
  else console.error(`\n*** ${what}.\n*** THEIR SUITES ARE SKIPPED.\n`);
};

const listSkipped = (tests: readonly TestResult[]): void => {
  const found = tests.filter(({ outcome }) => outcome === "skipped");
  if (found.length > 0) console.log("\nSkipped:");
  for (const { file, name } of found) console.log(`  ${file}: ${name}`);
};
