import { createMemcachedStore } from "@holdfast/store-memcached";
import type { Server } from "../../../../tools/services/server.ts";
import type { OpenEngine } from "../../../store-contract/test/shared/engine.ts";
import { indexed, type Made } from "./indexed.ts";
import { connectTo } from "./nodes.ts";

/** Each connection is a server of the application with connections of its own to all nodes. */
export const openNodes = (servers: () => readonly Pick<Server, "port">[]): OpenEngine => async () => {
  const made: Made = new Set();
  return {
    address: JSON.stringify(servers().map(({ port }) => ({ port }))),
    async connect(clock) {
      const nodes = connectTo(servers());
      return {
        store: indexed(createMemcachedStore(nodes, { evicts: true, ...(clock && { clock }) }), made),
        async close() {
          for (const node of nodes) node.close();
        },
      };
    },
    remove: async () => undefined,
  };
};
