import { serve } from "../../../../apps/sim/src/lib/serve.ts";
import { plan } from "./plan.ts";
import { play } from "./run.ts";
import { PLAINER, SIMPLER } from "./simpler.ts";
import { count, emptyTally } from "./tally.ts";

await serve({ plan, play, emptyTally, count, simpler: SIMPLER, plainer: PLAINER });
