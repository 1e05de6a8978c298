import type { Report } from "./reports.ts";

const CONTRACT = "store contract: ";

interface Setting {
  readonly folder: string;
  /** What the contract ran on: an engine and a client. */
  readonly name: string;
}

interface Case {
  readonly chapter: string;
  readonly title: string;
  /** Folder of a package: settings that passed, and those whose store has not the power for it. */
  readonly passed: Map<string, number>;
  readonly without: Map<string, number>;
}

export interface Contract {
  readonly settings: readonly Setting[];
  readonly cases: readonly Case[];
  readonly failed: readonly string[];
}

/** Every run of the store contract in the reports of a test run. */
export function contractOf(reports: readonly Report[], base: string): Contract {
  const settings = new Map<string, Setting>();
  const cases = new Map<string, Case>();
  const failed: string[] = [];
  for (const { name: file, assertionResults } of reports.flatMap(({ testResults }) => testResults)) {
    // The kit tries itself on broken stores, too.
    const [, folder = ""] = /^packages\/([^/]+)\//.exec(file.slice(base.length + 1)) ?? [];
    for (const { ancestorTitles = [], title = "", status, fullName } of assertionResults) {
      const at = ancestorTitles.findIndex((each) => each.startsWith(CONTRACT));
      const [name, chapter] = [ancestorTitles[at]?.slice(CONTRACT.length), ancestorTitles[at + 1]];
      if (name === undefined || chapter === undefined || folder === "store-contract") continue;
      if (status === "failed") failed.push(fullName);
      settings.set(`${folder} ${name}`, { folder, name });
      const plain = title.replace(/ \(not run: .*\)$/, "");
      const found = cases.get(`${chapter} ${plain}`) ?? { chapter, title: plain, passed: new Map(), without: new Map() };
      cases.set(`${chapter} ${plain}`, found);
      const counts = status === "passed" ? found.passed : found.without;
      counts.set(folder, (counts.get(folder) ?? 0) + 1);
    }
  }
  return { settings: [...settings.values()], cases: [...cases.values()], failed };
}

const cell = (text: string): string => text.replaceAll("|", "\\|");

/** Two tables in Markdown: on what the contract ran, and each of its cases by package. */
export function contractTables({ settings, cases }: Contract): string {
  const folders = [...new Set(settings.map(({ folder }) => folder))].sort();
  const chapters = [...new Set(cases.map(({ chapter }) => chapter))];
  const mark = (each: Case, folder: string): string => {
    const passed = each.passed.get(folder) ?? 0;
    return passed === 0 ? "–" : each.without.has(folder) ? `${passed} of ${passed + (each.without.get(folder) ?? 0)}` : String(passed);
  };
  return [
    "| package | on |",
    "|---|---|",
    ...folders.map((folder) => `| ${folder} | ${settings.filter((each) => each.folder === folder).map(({ name }) => cell(name)).join("; ")} |`),
    "",
    `| case | ${folders.join(" | ")} |`,
    `|---|${folders.map(() => "---:|").join("")}`,
    ...chapters.flatMap((chapter) => [
      `| **${chapter}** |${" |".repeat(folders.length)}`,
      ...cases.filter((each) => each.chapter === chapter).map((each) => `| ${cell(each.title)} | ${folders.map((folder) => mark(each, folder)).join(" | ")} |`),
    ]),
  ].join("\n");
}
