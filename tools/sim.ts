import { parseArgs } from "node:util";
import type { Cast, PlanOptions } from "../apps/sim/src/lib/plan.ts";
import { core } from "../apps/sim/src/lib/simulator.ts";
import { runSimulator, SIMULATOR_OPTIONS } from "./lib/run-simulator.ts";

// `pnpm sim [--count 10000] [--first 1] [--store memory|sqlite] [--cast C]`: plays schedules; shrinks and tells the first that breaks a rule.
// `pnpm sim --seed N`: tells one. `pnpm sim --rules [--only text]`: removes each rule of the core in turn and finds a schedule that breaks.
const { values } = parseArgs({ options: { ...SIMULATOR_OPTIONS, store: { type: "string" }, cast: { type: "string" } } });
const options: PlanOptions = { ...(values.store === "sqlite" ? { store: "sqlite" } : {}), ...(values.cast === undefined ? {} : { cast: values.cast as Cast }) };

await runSimulator(core, values, options);
