import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const reports = fileURLToPath(new URL("../../../.reports/", import.meta.url));
const RESULTS = fileURLToPath(new URL("../RESULTS.md", import.meta.url));

/** Keeps the figures for programs, and with `text` replaces the chapter `name` of RESULTS.md. */
export function saveReport(name: string, report: object, text?: string): void {
  const date = new Date().toISOString();
  mkdirSync(reports, { recursive: true });
  writeFileSync(`${reports}bench-${name}.json`, `${JSON.stringify({ date, ...report }, undefined, 2)}\n`);
  if (text === undefined) return;
  const before = existsSync(RESULTS) ? readFileSync(RESULTS, "utf8") : "";
  const chapters = before.split(/^(?=## )/m).filter((chapter) => !chapter.startsWith(`## ${name}\n`));
  writeFileSync(RESULTS, `${chapters.join("").trimEnd()}\n\n## ${name}\n\n\`pnpm bench ${name} --save\`, ${date.slice(0, 10)}. ${text}`);
}
