export type { StoreHealth } from "./lib/resilient/breaker.ts";
export { type HealthEvent, type Resilience, type ResilienceOptions, type ResilientStore, resilientStore } from "./lib/resilient/resilient-store.ts";
