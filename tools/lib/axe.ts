import axe, { type AxeResults, type RunOptions } from "axe-core";

/** For a page, or a world beside its scripts: defines `axe`. */
export const axeScript: string = axe.source;

export const AXE_OPTIONS: RunOptions = { resultTypes: ["violations", "incomplete"], runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] };

/** What axe finds wrong, one line each. */
export function findingsOf({ violations, passes }: Pick<AxeResults, "violations" | "passes">): string[] {
  if (passes.length === 0) throw new Error("axe looked at nothing");
  return violations.flatMap(({ id, help, nodes }) => nodes.map(({ html, failureSummary = "" }) => `${id}: ${help}: ${html} ${failureSummary}`));
}
