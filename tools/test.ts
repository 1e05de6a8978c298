import { runTier } from "./lib/suites.ts";

// `pnpm test [files or vitest options]`: builds, makes sure of a browser, runs every suite. The last line printed is the sum.
runTier({ name: "test", filters: process.argv.slice(2).filter((argument) => argument !== "--") });
