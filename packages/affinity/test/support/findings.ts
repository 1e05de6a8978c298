import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { reportsFolder } from "../../../../tools/lib/reports.ts";
import type { Findings } from "./scenario.ts";

/** One row of the table in docs/affinity.md, printed and kept in `.reports/affinity`. */
export function report(name: string, found: Findings): void {
  const { clients, unevenness, steadyMoved, victims, victimsMoved, victimsMovedOn, bystandersMoved, backMoved, addMoved, onDrained, newOnDrained, errors, reset, requests } = found;
  const cells = [name, `${steadyMoved} of ${clients * 3}`, unevenness.toFixed(2), `${victimsMoved} of ${victims}${victimsMovedOn === 0 ? "" : ` (${victimsMovedOn} twice)`}`, bystandersMoved, backMoved, addMoved, onDrained.join(" → "), newOnDrained, `${errors} of ${requests}${reset === 0 ? "" : ` (and ${reset} reset by reloads)`}`];
  const row = `| ${cells.join(" | ")} |`;
  mkdirSync(join(reportsFolder, "affinity"), { recursive: true });
  writeFileSync(join(reportsFolder, "affinity", `${name.replaceAll(/\W+/g, "-")}.md`), `${row}\n`);
  console.log(row);
}
