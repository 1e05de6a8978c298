import type { CaseResult } from "./suite/case.ts";

/** One runtime and what it did. */
export interface Column {
  readonly runtime: string;
  readonly version: string;
  readonly results: readonly CaseResult[];
}

/** Suite by runtime, in Markdown: how many cases passed; a dash where the suite has no business. */
export function matrix(columns: readonly Column[]): string {
  const suites = [...new Set(columns.flatMap(({ results }) => results.map(({ suite }) => suite)))];
  const cell = (suite: string, { results }: Column): string => {
    const mine = results.filter((result) => result.suite === suite);
    const failed = mine.filter(({ fault }) => fault !== undefined).length;
    if (mine.length === 0) return "–";
    return failed === 0 ? String(mine.length) : `**${failed} of ${mine.length} FAILED**`;
  };
  return [
    ["cases that passed", ...columns.map(({ runtime, version }) => `${runtime}<br>${version}`)],
    ["---", ...columns.map(() => "---:")],
    ...suites.map((suite) => [suite, ...columns.map((column) => cell(suite, column))]),
  ]
    .map((cells) => `| ${cells.join(" | ")} |`)
    .join("\n");
}
