import { existsSync, globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./workspace.ts";

export const reportsFolder = join(root, ".reports");

/** The part of vitest's JSON report that we read. */
export interface Report {
  readonly success: boolean;
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly message?: string;
    readonly assertionResults: readonly {
      readonly fullName: string;
      readonly ancestorTitles?: readonly string[];
      readonly title?: string;
      readonly status: string;
      readonly failureMessages?: readonly string[];
    }[];
  }[];
}

export type Outcome = "passed" | "failed" | "skipped";

export interface TestResult {
  readonly name: string;
  readonly file: string;
  readonly outcome: Outcome;
  /** The first line of what was wrong. */
  readonly fault?: string;
}

/** Every test of a report. A file that could not be loaded counts as one failed test, so that it can never go unnoticed. */
export const testsOf = (report: Report, base: string = root): TestResult[] =>
  report.testResults.flatMap((file) => {
    const path = file.name.startsWith(`${base}/`) ? file.name.slice(base.length + 1) : file.name;
    const tests = file.assertionResults.map(({ fullName, status, failureMessages: [message] = [] }): TestResult => ({
      name: fullName,
      file: path,
      outcome: outcomeOf(status),
      ...(message === undefined ? {} : { fault: firstLine(message) }),
    }));
    const failedElsewhere = file.status === "failed" && !tests.some(({ outcome }) => outcome === "failed");
    return failedElsewhere ? [...tests, { name: "(the file itself)", file: path, outcome: "failed", fault: firstLine(file.message) }] : tests;
  });

const firstLine = (text = ""): string => text.split("\n", 1)[0] ?? "";

const outcomeOf = (status: string): Outcome => (status === "passed" || status === "failed" ? status : "skipped");

export interface Tally {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

export const tally = (tests: readonly TestResult[]): Tally => {
  const count = (wanted: Outcome): number => tests.filter(({ outcome }) => outcome === wanted).length;
  return { passed: count("passed"), failed: count("failed"), skipped: count("skipped") };
};

export const summaryLine = ({ passed, failed, skipped }: Tally): string => `${passed} passed, ${failed} failed, ${skipped} skipped`;

export const readReport = (path: string): Report | undefined =>
  existsSync(path) ? (JSON.parse(readFileSync(path, "utf8")) as Report) : undefined;

export interface LastRun {
  /** What was passed on to vitest: not empty for a run of part of the tests. */
  readonly args: readonly string[];
  readonly tests: readonly TestResult[];
}

/** The last run of `pnpm test` with all its projects, or undefined when there was none. */
export const lastRun = (folder: string = reportsFolder): LastRun | undefined => {
  const summary = join(folder, "test.json");
  if (!existsSync(summary)) return undefined;
  const { args } = JSON.parse(readFileSync(summary, "utf8")) as LastRun;
  const reports = globSync("test-*.json", { cwd: folder }).sort().map((name) => readReport(join(folder, name)));
  return { args, tests: reports.flatMap((report) => (report === undefined ? [] : testsOf(report))) };
};
