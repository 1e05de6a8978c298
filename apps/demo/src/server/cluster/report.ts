import type { Verdict } from "@holdfast/affinity/monitor";

/** What a node says of itself, about once a second. */
export interface NodeStatus {
  readonly label: string;
  readonly state: "up" | "leaving" | "gone";
  readonly pid: number;
  /** Milliseconds since 1970: when it said so, and when it began. */
  readonly at: number;
  readonly since: number;
  /** Requests that it has answered, those for files included. */
  readonly requests: number;
  /** Reads of sessions that were answered from memory, and by the store. Nothing without a near cache. */
  readonly near?: { readonly hits: number; readonly misses: number; readonly lapses: number; readonly copies: number; readonly bytes: number };
  /** Of its last whole window: distinct sessions, requests of sessions, sessions that the balancer sent here anew. */
  readonly window?: { readonly sessions: number; readonly requests: number; readonly assigned: number };
}

/** All nodes as the one that answers knows them, in the order of the description; `null` for one that was never heard of. */
export interface ClusterReport {
  /** Who answers. */
  readonly node: string;
  readonly balancer: string;
  readonly nodes: readonly { readonly label: string; readonly status: NodeStatus | null; readonly ago: number }[];
  /** How long a window is, in ms, and what the monitor says of the last one. */
  readonly window: number;
  readonly spread: { readonly state: Verdict["state"]; readonly chance: number | null } | null;
}
