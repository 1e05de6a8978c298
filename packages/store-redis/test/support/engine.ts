import { createRedisStore } from "@holdfast/store-redis";
import type { OpenEngine } from "../../../store-contract/test/shared/engine.ts";
import { CLIENTS, CLUSTER_CLIENTS } from "./clients.ts";
import type { Place } from "./place.ts";

/** What a worker is told: which client it opens, and to where. */
export interface Address extends Pick<Place, "url" | "prefix"> {
  readonly client: keyof typeof CLIENTS;
}

export const addressOf = (client: Address["client"], { url, prefix }: Place): string => JSON.stringify({ client, url, prefix } satisfies Address);

export const openServer = (client: Address["client"], place: () => Place): OpenEngine => async () => ({
  address: addressOf(client, place()),
  async connect() {
    const { url, prefix } = place();
    const { client: connected, close } = await CLIENTS[client](url);
    return { store: createRedisStore(connected, { prefix }), close };
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
