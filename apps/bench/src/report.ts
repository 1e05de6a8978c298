import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { cpus } from "node:os";
import { dirname, join } from "node:path";
import type { Case, Row } from "./measure.ts";
import type { Spread } from "./statistics.ts";

const require = createRequire(import.meta.url);

/** The versions behind the figures, of exactly the files that ran. */
export const versionsOf = (cases: readonly Pick<Case, "packages">[]): Record<string, string> => {
  const names = new Set(cases.flatMap(({ packages }) => packages));
  return Object.fromEntries([...names].sort().map((name) => [name, versionOf(name)]));
};

export const machine = (): string => `Node ${process.versions.node}, ${cpus().length} cores (${cpus()[0]?.model.trim() ?? "unknown"})`;

/** Two tables in Markdown: what a session costs per request, and the parts by themselves. */
export const tables = (rows: readonly Row[]): string => {
  const read = rows.find(({ name }) => name === "Holdfast, signed-in read")?.cost?.median ?? Number.NaN;
  const requests = rows.filter(({ kind }) => kind !== "micro");
  const parts = rows.filter(({ kind }) => kind === "micro");
  return [
    "| request | host | CPU µs | session cost µs (IQR) | x Holdfast's signed-in read |",
    "|---|---|---:|---:|---:|",
    ...requests.map(({ name, host, cpu, cost }) => `| ${name} | ${host ?? ""} | ${micros(cpu.median)} | ${cost ? range(cost) : ""} | ${cost ? (cost.median / read).toFixed(2) : ""} |`),
    "",
    "| part, without a framework | CPU µs (IQR) |",
    "|---|---:|",
    ...parts.map(({ name, cpu }) => `| ${name} | ${range(cpu)} |`),
  ].join("\n");
};

/** The two goals, as sentences that say whether they are met. */
export const goals = (rows: readonly Row[]): string[] => {
  const cost = (name: string): number => rows.find((row) => row.name === name)?.cost?.median ?? Number.NaN;
  const read = cost("Holdfast, signed-in read");
  const first = cost("Holdfast, signed-in read, nothing remembered");
  const forged = cost("Holdfast, forged credential");
  return [
    `a signed-in read costs ${micros(read)} µs over bare Hono (goal: at most 25): ${read <= 25 ? "met" : "missed"}; of a session that is not remembered ${micros(first)}`,
    `refusing a forged credential costs ${micros(forged)} µs, accepting a good one ${micros(first)} (goal: no more): ${forged <= first ? "met" : "missed"}; one that is remembered ${micros(read)}`,
  ];
};

export const micros = (value: number): string => value.toFixed(value < 100 ? 1 : 0);
export const range = ({ median, low, high }: Spread): string => `${micros(median)} (${micros(low)} to ${micros(high)})`;

export const times = ({ median, low, high }: Spread): string => `${median.toFixed(2)} (${low.toFixed(2)} to ${high.toFixed(2)})`;

function versionOf(name: string): string {
  // Not every package exports its manifest, so it is looked for above the file that is imported.
  for (let folder = dirname(require.resolve(name)); ; folder = dirname(folder)) {
    try {
      const manifest = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as { name?: string; version?: string };
      if (manifest.name === name) return manifest.version ?? "unknown";
    } catch {
      if (folder === dirname(folder)) return "unknown";
    }
  }
}
