import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { idleTable } from "./lib/field/idle.ts";
import { installRivals, versionOf } from "./lib/field/install.ts";
import { VERSIONS } from "./lib/field/rivals.ts";
import { sizeTable } from "./lib/field/weigh.ts";
import { buildAll } from "./lib/shell.ts";
import { root } from "./lib/workspace.ts";

// `pnpm field [sizes | idle [seconds]]`: the browser client beside the libraries of the field: what they weigh, and what they cost in ten tabs that nobody touches. Printed and left in .reports; never judged.
const [what, seconds = "60"] = process.argv.slice(2).filter((argument) => argument !== "--");
buildAll("packages");
installRivals();
const tables: string[] = [];
if (what !== "idle") tables.push(await sizeTable());
if (what !== "sizes") tables.push(await idleTable(Number(seconds)));
const versions = Object.keys(VERSIONS).map((name) => `${name} ${versionOf(name)}`).join(", ");
const text = `${tables.join("\n\n")}\n\n${versions}\n`;
console.log(`\n${text}`);
mkdirSync(join(root, ".reports"), { recursive: true });
writeFileSync(join(root, ".reports/field.md"), text);
