import { fileURLToPath } from "node:url";
import type { Simulator } from "../../../../apps/sim/src/lib/simulation.ts";
import { RULES } from "./rules.ts";
import { add, emptyTally, table, type Tally } from "./tally.ts";

const here = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

/** The browser client in several tabs. */
export const tabs: Simulator<Tally> = { entry: here("worker.ts"), inject: [here("fast.ts")], rules: RULES, emptyTally, add, table };
