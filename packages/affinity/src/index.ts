export type { Affinity, AffinityCookie, AffinityDuration, AffinityHealth, AffinityKey, AffinityNode } from "./lib/affinity.ts";
export { affinityConfig, type AffinityConfigOptions } from "./lib/affinity-config.ts";
export { type AffinityNodeOptions, type AffinityOptions, defineAffinity } from "./lib/define-affinity.ts";
export { type AffinityConfig, type AffinityTarget, AFFINITY_TARGETS, type Loss } from "./lib/target.ts";
