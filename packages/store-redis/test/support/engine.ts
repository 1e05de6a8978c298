import { createRedisStore } from "@holdfast/store-redis";
import type { OpenEngine } from "../../../store-contract/test/shared/engine.ts";
import { CLIENTS, CLUSTER_CLIENTS } from "./clients.ts";

/** What a worker is told: which client it opens, to which port. */
export interface Address {
  readonly client: keyof typeof CLIENTS;
  readonly port: number;
}

export const openServer = (client: keyof typeof CLIENTS, port: () => number): OpenEngine => async () => ({
  address: JSON.stringify({ client, port: port() } satisfies Address),
  async connect() {
    const { client: connected, close } = await CLIENTS[client](port());
    return { store: createRedisStore(connected), close };
  },
  remove: async () => undefined,
});

export const openCluster = (client: keyof typeof CLUSTER_CLIENTS, ports: () => readonly number[]): OpenEngine => async () => ({
  address: "",
  async connect() {
    const { client: connected, close } = await CLUSTER_CLIENTS[client](ports());
    return { store: createRedisStore(connected), close };
  },
  remove: async () => undefined,
});
