import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Affinity, type AffinityOptions, affinityConfig } from "@holdfast/affinity";
import type { Verification } from "@holdfast/affinity/verify";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { reportsFolder } from "../../../../tools/lib/reports.ts";
import { type BalancerKind, startBalancer } from "../../../../tools/services/balancers.ts";
import { ENGINES, needOf, programOf } from "./engines.ts";
import { createStage, type Stage, type StageOptions } from "./verified.ts";

/** A set-up, and what the probe has to say to it. */
export interface Row {
  readonly name: string;
  readonly options?: Omit<AffinityOptions, "nodes">;
  /** The configuration; by default the one that is generated. */
  readonly text?: (affinity: Affinity, listen: string) => string;
  readonly probe?: StageOptions;
  readonly key: Verification["key"];
  /** Exactly these codes. */
  readonly findings: readonly string[];
  /**
   * Why the spread is another one in each run, so that `uneven` is right when it is that far from even, and wrong when it is not. Without it the spread is always the same,
   * and `uneven` is asked for like the other codes.
   */
  readonly spreadBy?: "chance" | "a hash of ports" | "how many requests are under way";
}

/** Chi-square beyond which chance goes once in a thousand times, for two degrees of freedom: the tables of statistics have it. */
const BEYOND_CHANCE = 13.816;

export const chiSquareOf = (spread: Readonly<Record<string, number>>): number => {
  const counts = ["a", "b", "c"].map((node) => spread[node] ?? 0);
  const mean = counts.reduce((sum, count) => sum + count, 0) / counts.length;
  return counts.reduce((sum, count) => sum + (count - mean) ** 2 / mean, 0);
};

/** The verdict is the one that was asked for. Prints the row of the table in docs/affinity.md, and keeps it in `.reports/affinity/verify`. */
export function holds(balancer: string, { name, key, findings, spreadBy }: Row, found: Verification): void {
  const told = found.findings.map(({ code, text }) => `${code}: ${text}`).join("\n");
  const uneven = spreadBy !== undefined && chiSquareOf(found.spread) > BEYOND_CHANCE ? ["uneven"] : [];
  // Where chance spreads, a node that is back and was met is called `not_back` once in a thousand runs: a test of the figures (verify.test.ts) holds it to that, not each of these runs.
  const met = spreadBy !== undefined && (found.loss?.newOnIt ?? 0) > 0;
  const codes = found.findings.map(({ code }) => code).filter((code) => code !== "not_back" || !met);
  const row = `| ${balancer}, ${name} | ${found.key} | ${codes.length === 0 ? "nothing is wrong" : codes.map((code) => `\`${code}\``).join(", ")} | ${Object.entries(found.spread).toSorted(([one], [other]) => one.localeCompare(other)).map(([, clients]) => clients).join(" / ")} |`;
  mkdirSync(join(reportsFolder, "affinity", "verify"), { recursive: true });
  writeFileSync(join(reportsFolder, "affinity", "verify", `${`${balancer} ${name}`.replaceAll(/\W+/g, "-")}.md`), `${row}\n${told}\n`);
  console.log(row);
  expect([found.key, codes.toSorted(), found.errors], told).toEqual([key, [...findings, ...uneven].toSorted(), 0]);
}

/** Tries them on the engines of a kind, each with nodes that all of its rows share. */
export function tryRows(kind: BalancerKind, rows: Readonly<Record<string, readonly Row[]>>): void {
  for (const engine of ENGINES.filter((one) => one.kind === kind && one.service in rows)) {
    const { name, service, version } = engine;
    const program = programOf(engine, "the probe is") ?? "";
    describe.skipIf(program === "")(`the probe, on ${name} ${needOf(engine)}`, () => {
      let stage: Stage;
      beforeAll(async () => {
        // What Caddy's cookie is keyed with.
        process.env["HOLDFAST_AFFINITY_SECRET"] ??= "a-secret-of-the-tests-and-of-nothing-else";
        stage = await createStage();
      });
      afterAll(() => stage.stop());

      for (const row of rows[service] ?? []) {
        const { options = {}, text, probe, findings } = row;
        it(`${row.name}: says ${findings.join() || "that nothing is wrong"}`, { timeout: 60_000 }, async () => {
          const start = (affinity: Affinity) => startBalancer(kind, program, (listen) => text?.(affinity, listen) ?? affinityConfig(affinity, kind, { version, listen }).text);
          holds(name, row, await stage.verify(options, start, probe));
        });
      }
    });
  }
}
