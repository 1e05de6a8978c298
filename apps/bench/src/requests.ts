import { parseArgs } from "node:util";
import { createCases } from "./cases.ts";
import { measure, type Plan, verify } from "./measure.ts";
import { goals, machine, tables, versionsOf } from "./report.ts";
import { saveReport } from "./results.ts";

// `pnpm bench requests [--quick | --check] [--only text] [--json] [--save]`: what a session costs per request. Nothing is judged by the exit code but wrong answers.
const { values } = parseArgs({ options: { quick: { type: "boolean" }, check: { type: "boolean" }, only: { type: "string" }, json: { type: "boolean" }, save: { type: "boolean" } } });
const plan: Plan = values.quick ? { rounds: 9, batchMs: 50 } : { rounds: 31, batchMs: 120 };

const all = await createCases();
await verify(all);
const { only } = values;
const cases = only === undefined ? all : all.filter(({ kind, name }) => kind === "bare" || name.includes(only));
const versions = versionsOf(cases);

if (values.check) {
  console.log(`${cases.length} cases give the right answers`);
} else {
  const started = performance.now();
  const rows = await measure(cases, plan, (round) => {
    if (process.stderr.isTTY) process.stderr.write(`\rround ${Math.max(0, round + 1)} of ${plan.rounds} `);
  });
  const seconds = Math.round((performance.now() - started) / 1000);
  const lines = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  const about = `${machine()}; ${plan.rounds} rounds of ${cases.length} cases in shuffled order, ${seconds} s`;
  const text = `${about}\n${lines.join(", ")}\n\n${tables(rows)}\n\n${goals(rows).map((line) => `- ${line}`).join("\n")}\n`;
  const report = { machine: machine(), plan, versions, rows };
  console.log(values.json ? JSON.stringify(report, undefined, 2) : text);
  saveReport("requests", report, values.save ? text : undefined);
}
