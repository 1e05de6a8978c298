import { parseArgs } from "node:util";
import { tabs } from "../packages/session-browser-testing/test/sim/simulator.ts";
import { runSimulator, SIMULATOR_OPTIONS } from "./lib/run-simulator.ts";

// `pnpm tabs [--count 10000] [--first 1]`: plays schedules of several tabs of the browser client; shrinks and tells the first that breaks a rule.
// `pnpm tabs --seed N`: tells one. `pnpm tabs --rules [--only text]`: removes each rule of the client in turn and finds a schedule that breaks.
await runSimulator(tabs, parseArgs({ options: SIMULATOR_OPTIONS }).values);
