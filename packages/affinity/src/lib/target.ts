import type { Affinity } from "./affinity.ts";

/** The balancers that a description can be written down for. */
export const AFFINITY_TARGETS = ["haproxy", "nginx", "caddy", "kubernetes", "gateway-api", "aws-alb", "gcp", "f5"] as const;
export type AffinityTarget = (typeof AFFINITY_TARGETS)[number];

/** What was described and this balancer does not do, or does otherwise. */
export interface Loss {
  /** The option of the description, such as `duration.idle`. */
  readonly option: string;
  /** What happens instead, for people. */
  readonly text: string;
}

export interface AffinityConfig {
  readonly target: AffinityTarget;
  /** The version it is written for. */
  readonly version: string;
  /** A name for the file. */
  readonly file: string;
  /** The configuration; its first lines, as comments, repeat `losses`. */
  readonly text: string;
  readonly losses: readonly Loss[];
  /** `executed`: our tests run this form on the real engine. `generated`: checked against documents and schemas only. */
  readonly proof: "executed" | "generated";
}

/** What a target's generator gives: the rest is the same for all of them. */
export interface Draft {
  readonly file: string;
  readonly lines: readonly string[];
  readonly losses: readonly Loss[];
}

export interface DraftOptions {
  /** Where clients come in: `host:port` or `:port`. */
  readonly listen: string;
  readonly version: string;
}

export interface Target {
  readonly proof: AffinityConfig["proof"];
  /** The versions that are known, the default first: a text of its own for each, or the least one of a range (`2.6+`). */
  readonly versions: readonly string[];
  draft(affinity: Affinity, options: DraftOptions): Draft;
}
