import { createMemcachedStore } from "@holdfast/store-memcached";
import type { OpenEngine } from "../../../store-contract/test/shared/engine.ts";
import { indexed, type Made } from "./indexed.ts";
import { connectTo } from "./nodes.ts";
import type { Place } from "./place.ts";

/** What a worker is told. */
export type WorkerPlace = Pick<Place, "nodes" | "prefix">;

/** Each connection is a server of the application with connections of its own to all nodes. */
export const openNodes = (place: () => Place): OpenEngine => async () => {
  const { nodes, prefix } = place();
  const made: Made = new Set();
  return {
    address: JSON.stringify({ nodes, prefix } satisfies WorkerPlace),
    async connect(clock) {
      const connections = connectTo(nodes);
      return {
        store: indexed(createMemcachedStore(connections, { evicts: true, prefix, ...(clock && { clock }) }), made),
        async close() {
          for (const connection of connections) connection.close();
        },
      };
    },
    remove: async () => undefined,
  };
};
