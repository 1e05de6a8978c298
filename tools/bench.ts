import { join } from "node:path";
import { buildAll, run } from "./lib/shell.ts";
import { root } from "./lib/workspace.ts";
import { startBenchEngines } from "./services/bench-engines.ts";

// `pnpm bench [name]`: builds what is measured, then starts the bench in a process of its own, so that nothing else is in it. Libraries differ by environment, hence the one they are made for.
buildAll("packages");
const args = process.argv.slice(2).filter((argument) => argument !== "--");
const engines = args[0] === "stores" ? await startBenchEngines() : undefined;
try {
  process.exitCode = run(process.execPath, [join(root, "apps/bench/src/main.ts"), ...args], { show: true, env: { NODE_ENV: "production", ...engines?.env } }).code;
} finally {
  await engines?.stop();
}
