import { globSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Report, readReport, reportsFolder } from "./lib/reports.ts";
import { contractOf, contractTables } from "./lib/store-table.ts";
import { root } from "./lib/workspace.ts";

// `npm run contract [folder of reports]`: writes what the last run of the tests says of the store contract into docs/stores.md.
const [folder = reportsFolder, base = root] = process.argv.slice(2);
const MARK = "<!-- written by `npm run contract` -->\n";
const file = join(root, "docs/stores.md");

const reports = globSync("test-*.json", { cwd: folder }).sort().map((name) => readReport(join(folder, name)));
const contract = contractOf(reports.filter((report): report is Report => report !== undefined), base);
if (contract.settings.length === 0) throw new Error("no report of the store contract found: run the tests first (pnpm test)");
for (const name of contract.failed) console.error(`FAILED  ${name}`);
if (contract.failed.length > 0) process.exitCode = 1;
const [about = ""] = readFileSync(file, "utf8").split(MARK);
writeFileSync(file, `${about}${MARK}\n${contractTables(contract)}\n`);
console.log(`${contract.cases.length} cases on ${contract.settings.length} settings`);
