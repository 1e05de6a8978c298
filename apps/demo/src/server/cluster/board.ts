import { memoryExchange, type MonitorExchange, type NodeWindow } from "@holdfast/affinity/monitor";
import type { NodeStatus } from "./report.ts";

/** Where the nodes tell one another how they are. */
export interface Board extends MonitorExchange {
  tell(status: NodeStatus): Promise<void>;
  all(): Promise<readonly NodeStatus[]>;
}

type Send = (args: string[]) => Promise<unknown>;

const NODES = "holdfast-demo:nodes";
/** Seconds. Windows are asked for two windows later at most, and nodes tell every second: what nobody adds to is forgotten. */
const KEPT = "600";

/** Two hashes in the Redis where the sessions are, under names of their own. */
export function redisBoard(send: Send): Board {
  const key = (window: number): string => `holdfast-demo:window:${window}`;
  const values = async <T>(hash: string): Promise<T[]> => ((await send(["HVALS", hash])) as string[]).map((text) => JSON.parse(text) as T);
  return {
    async publish(counts) {
      await send(["HSET", key(counts.window), counts.node, JSON.stringify(counts)]);
      await send(["EXPIRE", key(counts.window), KEPT]);
    },
    read: (window) => values<NodeWindow>(key(window)),
    async tell(status) {
      await send(["HSET", NODES, status.label, JSON.stringify(status)]);
      await send(["EXPIRE", NODES, KEPT]);
    },
    all: () => values<NodeStatus>(NODES),
  };
}

/** Without Redis a node knows of itself only. */
export function ownBoard(): Board {
  let own: NodeStatus | undefined;
  return {
    ...memoryExchange(),
    async tell(status) {
      own = status;
    },
    all: async () => (own === undefined ? [] : [own]),
  };
}
