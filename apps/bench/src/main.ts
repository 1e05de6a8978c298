import { pathToFileURL } from "node:url";

// `pnpm bench [name] [options]`: see the file of that name. Each runs in this process alone, with nothing else loaded.
const BENCHES = ["requests", "seals", "stores", "tokens"];
const [asked = ""] = process.argv.slice(2);
const [first = ""] = BENCHES;
const bench = BENCHES.includes(asked) ? asked : first;
if (asked === bench) process.argv.splice(2, 1);
else if (asked && !asked.startsWith("-")) throw new Error(`There is no bench "${asked}", but: ${BENCHES.join(", ")}`);
await import(pathToFileURL(`${import.meta.dirname}/${bench}.ts`).href);
