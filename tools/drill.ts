import { runTier } from "./lib/suites.ts";

// `pnpm drill`: the third tier. The same suites with many more random cases, and many more rounds in which a process is
// killed. It takes long: meant for a night or a release. Tests may read HOLDFAST_DRILL to do more of their own.
const filters = process.argv.slice(2).filter((argument) => argument !== "--");
const setup = new URL("lib/drill-setup.mjs", import.meta.url).href;

runTier({
  name: "drill",
  filters,
  options: ["--testTimeout=600000"],
  env: { HOLDFAST_DRILL: "1", NODE_OPTIONS: `${process.env["NODE_OPTIONS"] ?? ""} --import=${setup}`, HOLDFAST_KILL_ROUNDS: process.env["HOLDFAST_KILL_ROUNDS"] ?? "100" },
});
