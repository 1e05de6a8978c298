export { createDrain, type Drain, type DrainOptions, type DrainResult } from "./lib/create-drain.ts";
