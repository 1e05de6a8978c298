import { plan } from "./lib/plan.ts";
import { play } from "./lib/run.ts";
import { serve } from "./lib/serve.ts";
import { PLAINER, SIMPLER } from "./lib/simpler.ts";
import { count, emptyTally } from "./lib/tally.ts";

await serve({ plan, play, emptyTally, count, simpler: SIMPLER, plainer: PLAINER });
