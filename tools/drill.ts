import { runTier } from "./lib/suites.ts";

// `pnpm drill`: the third tier. The same suites with HOLDFAST_DRILL=1, which raises the number of random cases and of
// rounds in which a process is killed. It takes long: meant for a night or a release.
runTier({
  name: "drill",
  args: process.argv.slice(2).filter((argument) => argument !== "--"),
  env: { HOLDFAST_DRILL: "1" },
});
