import type { StoreCapabilities } from "@holdfast/session-core/store";
import { chapters } from "../../src/lib/describe-store.ts";
import { createSuite, type StoreFactory } from "../../src/lib/suite.ts";

export interface Report {
  readonly passed: string[];
  readonly failed: string[];
  /** Names with the reason. */
  readonly skipped: string[];
}

class Skipped extends Error {}

/** Runs the whole contract without reporting it to vitest: here red is what a test hopes for. */
export async function runCases(factory: StoreFactory, capabilities: StoreCapabilities): Promise<Report> {
  const cases: { name: string; body: () => Promise<void> }[] = [];
  const report: Report = { passed: [], failed: [], skipped: [] };
  const skip = (reason: string): never => {
    throw new Skipped(reason);
  };
  const suite = createSuite(factory, capabilities, {
    run: (name, body) => cases.push({ name, body }),
    runOrSkip: (name, body) => cases.push({ name, body: () => body(skip) }),
    skip: (name) => report.skipped.push(name),
  });
  for (const register of Object.values(chapters)) register(suite);
  for (const { name, body } of cases) {
    try {
      await body();
      report.passed.push(name);
    } catch (error) {
      if (error instanceof Skipped) report.skipped.push(`${name} (not run: ${error.message})`);
      else report.failed.push(name);
    }
  }
  return report;
}
