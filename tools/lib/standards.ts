import type { Outcome, TestResult } from "./reports.ts";

export interface Requirement {
  readonly id: string;
  readonly text: string;
}

export interface Group {
  readonly letter: string;
  readonly title: string;
  readonly requirements: readonly Requirement[];
}

const groupRow = /^\|\s*\*\*([A-Z])\*\*\s*\|\s*\*\*(.+?)\*\*/;
const requirementRow = /^\|\s*([A-Z]\d{2})\s*\|\s*(.+?)\s*\|/;

/** The groups and rows of the tables in `docs/standards.md`. Throws when an id stands there twice. */
export const parseStandards = (markdown: string): Group[] => {
  const groups = new Map<string, { letter: string; title: string; requirements: Requirement[] }>();
  const seen = new Set<string>();
  for (const line of markdown.split("\n")) {
    const [, letter, title] = groupRow.exec(line) ?? [];
    if (letter !== undefined && title !== undefined) groups.set(letter, { letter, title, requirements: [] });
    const [, id, text] = requirementRow.exec(line) ?? [];
    if (id === undefined || text === undefined) continue;
    if (seen.has(id)) throw new Error(`docs/standards.md has two rows with the id ${id}`);
    seen.add(id);
    const group = groups.get(id.slice(0, 1));
    if (group === undefined) throw new Error(`docs/standards.md: row ${id} comes before the heading of its group`);
    group.requirements.push({ id, text });
  }
  return [...groups.values()];
};

/** The ids listed in `decisions/standards-not-applicable.md`, in table rows like the ones of the standards. */
export const parseNotApplicable = (markdown: string): string[] =>
  markdown.split("\n").flatMap((line) => requirementRow.exec(line)?.[1] ?? []);

/** The ids in a test's name: `[A01]`, `[A01] [A02]` or `[A01, A02]`. */
export const idsIn = (name: string): string[] =>
  [...name.matchAll(/\[([A-Z]\d{2}(?:\s*,\s*[A-Z]\d{2})*)\]/g)].flatMap(([, list = ""]) => list.split(",").map((id) => id.trim()));

export interface Standing {
  readonly total: number;
  readonly proven: readonly string[];
  readonly missing: readonly string[];
  readonly notApplicable: readonly string[];
  /** Tests by the id they carry. */
  readonly tests: ReadonlyMap<string, readonly TestResult[]>;
  /** What is wrong with the tags and lists themselves: ids that no row has. */
  readonly problems: readonly string[];
}

/** A row is proven when at least one test that carries its id passed and none that carries it failed. */
export const standing = (groups: readonly Group[], notApplicable: readonly string[], results: readonly TestResult[]): Standing => {
  const ids = groups.flatMap(({ requirements }) => requirements.map(({ id }) => id));
  const tests = new Map<string, TestResult[]>();
  for (const result of results) {
    for (const id of new Set(idsIn(result.name))) tests.set(id, [...(tests.get(id) ?? []), result]);
  }
  const has = (id: string, outcome: Outcome): boolean => tests.get(id)?.some((test) => test.outcome === outcome) ?? false;
  const applicable = ids.filter((id) => !notApplicable.includes(id));
  const isProven = (id: string): boolean => has(id, "passed") && !has(id, "failed");
  return {
    total: ids.length,
    proven: applicable.filter(isProven),
    missing: applicable.filter((id) => !isProven(id)),
    notApplicable: ids.filter((id) => notApplicable.includes(id)),
    tests,
    problems: [
      ...[...tests.keys()].filter((id) => !ids.includes(id)).map((id) => `a test carries [${id}], which is no row of docs/standards.md: ${tests.get(id)?.[0]?.name}`),
      ...notApplicable.filter((id) => !ids.includes(id)).map((id) => `decisions/standards-not-applicable.md lists ${id}, which is no row of docs/standards.md`),
      ...notApplicable.filter((id) => tests.has(id)).map((id) => `${id} is listed as not applicable, but a test carries it`),
    ],
  };
};
