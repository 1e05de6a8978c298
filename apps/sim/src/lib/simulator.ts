import { fileURLToPath } from "node:url";
import { RULES } from "./rules.ts";
import type { Simulator } from "./simulation.ts";
import { add, emptyTally, table, type Tally } from "./tally.ts";

/** The core between browsers, thieves and stores. */
export const core: Simulator<Tally> = { entry: fileURLToPath(new URL("../worker.ts", import.meta.url)), rules: RULES, emptyTally, add, table };
