import { mkdirSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { EngineName } from "../src/driver/types.ts";

export interface Row {
  readonly run: string;
  readonly title: string;
  readonly engine: EngineName;
  readonly outcome: "passed" | "failed" | "cannot";
  readonly ms: number;
  /** What the engine did, where engines differ. */
  readonly notes: readonly string[];
}

const FOLDER = fileURLToPath(new URL("../../../.reports/", import.meta.url));
const WORDS = { passed: "passed", failed: "FAILED", cannot: "not driven" };

/** What each engine did, printed and left in `.reports/engines.json` and `.reports/engines.md`. */
export function report(versions: Readonly<Partial<Record<EngineName, string>>>, rows: readonly Row[]): void {
  const engines = Object.keys(versions) as EngineName[];
  const runs = [...new Map(rows.map(({ run, title }) => [`${run} ${title}`, { run, title }])).values()];
  const cell = (run: string, title: string, engine: EngineName): string => {
    const row = rows.find((row) => row.run === run && row.title === title && row.engine === engine);
    return row ? [WORDS[row.outcome], ...row.notes].join("; ") : "";
  };
  const lines = [
    ["run", "what", ...engines.map((engine) => `${engine} ${versions[engine]}`)],
    ["---", "---", ...engines.map(() => "---")],
    ...runs.map(({ run, title }) => [run, title, ...engines.map((engine) => cell(run, title, engine))]),
  ].map((cells) => `| ${cells.join(" | ")} |`);
  mkdirSync(FOLDER, { recursive: true });
  writeFileSync(`${FOLDER}engines.json`, `${JSON.stringify({ finished: new Date().toISOString(), versions, rows }, undefined, 2)}\n`);
  writeFileSync(`${FOLDER}engines.md`, `${lines.join("\n")}\n`);
  console.log(`\n${lines.join("\n")}\n`);
}
