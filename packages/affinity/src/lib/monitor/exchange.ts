import type { NodeWindow } from "./judge.ts";

/** Where the nodes tell each other what they counted: a hash in Redis, a table, whatever they share. Both verbs may reject; the monitor then knows nothing for that window. */
export interface MonitorExchange {
  /** Keeps it for some windows. Called once per window and node; again after a fault, with the same counts. */
  publish(counts: NodeWindow): Promise<void>;
  /** What all nodes told about this window, in any order. */
  read(window: number): Promise<readonly NodeWindow[]>;
}

/** Within one process: for tests, and for nodes that are threads. Keeps the last 16 windows. */
export function memoryExchange(): MonitorExchange {
  const windows = new Map<number, Map<string, NodeWindow>>();
  return {
    async publish(counts) {
      const nodes = windows.get(counts.window) ?? new Map<string, NodeWindow>();
      windows.set(counts.window, nodes.set(counts.node, counts));
      for (const old of windows.keys()) if (old <= counts.window - 16) windows.delete(old);
    },
    read: async (window) => [...(windows.get(window)?.values() ?? [])],
  };
}
