import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Affinity, affinityConfig } from "@holdfast/affinity";
import type { Verification } from "@holdfast/affinity/verify";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { reportsFolder } from "../../../../tools/lib/reports.ts";
import { type BalancerKind, startBalancer } from "../../../../tools/services/balancers.ts";
import { ENGINES, needOf, programOf } from "./engines.ts";
import { clientsOf, differencesFrom, type Row } from "./verdict.ts";
import { createStage, type Stage } from "./verified.ts";

/** The verdict is the one that was asked for. Prints the row of the table in docs/affinity.md, and keeps it in `.reports/affinity/verify`. */
export function holds(balancer: string, row: Row, found: Verification): void {
  const { key, findings, spread } = found;
  const told = [...findings.map(({ code, text }) => `${code}: ${text}`), ...found.untried.map((text) => `not tried: ${text}`), JSON.stringify(found.loss)].join("\n");
  const codes = findings.length === 0 ? "nothing is wrong" : findings.map(({ code }) => `\`${code}\``).join(", ");
  const line = `| ${balancer}, ${row.name} | ${key} | ${codes} | ${Object.entries(spread).toSorted(([one], [other]) => one.localeCompare(other)).map(([, clients]) => clients).join(" / ")} |`;
  mkdirSync(join(reportsFolder, "affinity", "verify"), { recursive: true });
  writeFileSync(join(reportsFolder, "affinity", "verify", `${`${balancer} ${row.name}`.replaceAll(/\W+/g, "-")}.md`), `${line}\n${told}\n`);
  console.log(line);
  expect(differencesFrom(row, found), told).toEqual([]);
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
        it(`${row.name}: says ${findings.join() || "that nothing is wrong"}`, { timeout: 120_000 }, async () => {
          const start = (affinity: Affinity) => startBalancer(kind, program, (listen) => text?.(affinity, listen) ?? affinityConfig(affinity, kind, { version, listen }).text);
          holds(name, row, await stage.verify(options, start, { clients: clientsOf(row), ...probe }));
        });
      }
    });
  }
}
