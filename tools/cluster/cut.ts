import type { Reply } from "./visitor.ts";

/** On the clock of `performance.now()`: from the signal to the last breath. */
export interface Kill {
  readonly node: string;
  readonly from: number;
  readonly to: number;
}

/**
 * Whether a request that got no good answer was under way on a node that was killed. `on`: the node that its client was on, where stickiness tells. Nobody answered it, or the balancer did with its own 502
 * or 503; and where it is known which node it was sent to, that node was being killed meanwhile. What the application answers is an error, and so is what another node does not.
 */
export function wasCut({ status, node, sentTo, timedOut, began, ended }: Reply, on: string | undefined, kills: readonly Kill[]): boolean {
  const byBalancer = (status === 502 || status === 503) && node === undefined;
  if (timedOut === true || !(status === undefined || byBalancer)) return false;
  const where = sentTo ?? node ?? on;
  return kills.some((kill) => began <= kill.to && ended >= kill.from && (where === undefined || where === kill.node));
}
