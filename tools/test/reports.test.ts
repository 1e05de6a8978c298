import { describe, expect, it } from "vitest";
import { type Report, summaryLine, tally, testsOf } from "../lib/reports.ts";

const report = (testResults: Report["testResults"]): Report => ({ success: true, testResults });

describe("test reports", () => {
  it("sums up what passed, failed and was skipped", () => {
    const tests = testsOf(
      report([
        {
          name: "/repository/a.test.ts",
          status: "failed",
          assertionResults: [
            { fullName: "one", status: "passed" },
            { fullName: "two", status: "failed" },
            { fullName: "three", status: "skipped" },
            { fullName: "four", status: "todo" },
          ],
        },
      ]),
      "/repository",
    );
    expect(tests[1]).toEqual({ name: "two", file: "a.test.ts", outcome: "failed" });
    expect(summaryLine(tally(tests))).toBe("1 passed, 1 failed, 2 skipped");
  });

  it("says of a failed test what was wrong, in one line", () => {
    const tests = testsOf(report([{ name: "d.test.ts", status: "failed", assertionResults: [{ fullName: "one", status: "failed", failureMessages: ["AssertionError: 1 is not 2\n    at d.test.ts:3"] }] }]));
    expect(tests).toEqual([{ name: "one", file: "d.test.ts", outcome: "failed", fault: "AssertionError: 1 is not 2" }]);
  });

  it("counts a file that could not be loaded as a failed test", () => {
    const tests = testsOf(report([{ name: "b.test.ts", status: "failed", message: "Cannot find module\nmore", assertionResults: [] }]));
    expect(tests).toEqual([{ name: "(the file itself)", file: "b.test.ts", outcome: "failed", fault: "Cannot find module" }]);
  });

  it("counts a failing hook after passing tests as a failed test", () => {
    const tests = testsOf(report([{ name: "c.test.ts", status: "failed", message: "afterAll", assertionResults: [{ fullName: "one", status: "passed" }] }]));
    expect(tally(tests)).toEqual({ passed: 1, failed: 1, skipped: 0 });
  });
});
