import { parseArgs } from "node:util";
import { saveReport } from "./results.ts";
import { machine, versionsOf } from "./report.ts";
import { benchStores, checkStores, type StorePlan } from "./stores/bench.ts";
import { CONTENDERS } from "./stores/contenders.ts";
import { storeTables, storeTargets } from "./stores/report.ts";

// `pnpm bench stores [--quick | --check] [--only text] [--json] [--save]`: requests over HTTP with the sessions in real engines. Nothing is judged by the exit code but wrong answers.
const { values } = parseArgs({ options: { quick: { type: "boolean" }, check: { type: "boolean" }, only: { type: "string" }, json: { type: "boolean" }, save: { type: "boolean" } } });
const plan: StorePlan = { rounds: values.quick ? 3 : 9, seconds: values.quick ? 1 : 2, warming: values.quick ? 2 : 10, connections: 32, sessions: 200 };
const { only } = values;
const floors = new Set(CONTENDERS.flatMap(({ floor = [] }) => floor));
const contenders = CONTENDERS.filter(({ name }) => only === undefined || floors.has(name) || name.includes(only));

if (values.check) {
  await checkStores(contenders);
  console.log(`${contenders.length} contenders give the right answers`);
} else {
  const started = performance.now();
  const rows = await benchStores(contenders, plan, (what) => void (process.stderr.isTTY && process.stderr.write(`\r${what.padEnd(79)}`)));
  const seconds = Math.round((performance.now() - started) / 1000);
  const versions = versionsOf(contenders);
  const about = `${machine()}; ${plan.rounds} rounds of ${plan.seconds} s after ${plan.warming} s to get warm, on ${plan.connections} connections and ${plan.sessions} sessions, in shuffled order, ${seconds} s. Server, engine and load share the cores.`;
  const text = `${about}\n${Object.entries(versions).map((pair) => pair.join(" ")).join(", ")}\n\n${storeTables(rows)}\n\n${storeTargets(rows).map((line) => `- ${line}`).join("\n")}\n`;
  const report = { machine: machine(), plan, versions, rows };
  console.log(values.json ? JSON.stringify(report, undefined, 2) : text);
  saveReport("stores", report, values.save ? text : undefined);
}
