export { createDrain, type Drain, type DrainOptions, type DrainResult, type HealthStatus } from "./lib/create-drain.ts";
