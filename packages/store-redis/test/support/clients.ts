import type { RedisClient } from "@holdfast/store-redis";
import type { Cluster, Redis } from "ioredis";
import type { createClient } from "redis";

export interface Connected {
  readonly client: RedisClient;
  /** Any command, for a look behind the store. In a cluster the node of `key` gets it. */
  command(key: string, ...args: string[]): Promise<unknown>;
  close(): Promise<void>;
}

/** What a client library says when a connection is gone: it goes on by itself. */
const ignore = (): void => undefined;
const host = "127.0.0.1";

async function ofNodeRedis(client: ReturnType<typeof createClient>): Promise<Connected> {
  client.on("error", ignore);
  await client.connect();
  return { client, command: (_key, ...args) => client.sendCommand(args), close: async () => client.destroy() };
}

function ofIoredis(client: Redis | Cluster): Connected {
  client.on("error", ignore);
  return { client, command: (_key, name = "", ...args) => client.call(name, args), close: async () => client.disconnect() };
}

/** The client libraries, each as its users open it, to one server. A library is loaded when it is used: that takes long where many processes start. */
export const CLIENTS = {
  "node-redis 6": async (url: string): Promise<Connected> => ofNodeRedis((await import("redis")).createClient({ url })),
  // The types of two releases differ where nothing that matters here does.
  "node-redis 5": async (url: string): Promise<Connected> => ofNodeRedis((await import("redis5")).createClient({ url }) as unknown as ReturnType<typeof createClient>),
  "ioredis 6": async (url: string): Promise<Connected> => ofIoredis(new (await import("ioredis")).Redis(url)),
  "ioredis 5": async (url: string): Promise<Connected> => ofIoredis(new (await import("ioredis5")).Redis(url) as unknown as Redis),
};

/** To a cluster, of which some nodes are named. */
export const CLUSTER_CLIENTS = {
  "node-redis": async (ports: readonly number[]): Promise<Connected> => {
    const client = (await import("redis")).createCluster({ rootNodes: ports.map((port) => ({ url: `redis://${host}:${port}` })), defaults: { socket: { connectTimeout: 1000 } } });
    client.on("error", ignore);
    await client.connect();
    return { client, command: (key, ...args) => client.sendCommand(key, false, args), close: async () => client.destroy() };
  },
  ioredis: async (ports: readonly number[]): Promise<Connected> => ofIoredis(new (await import("ioredis")).Cluster(ports.map((port) => ({ host, port })))),
};

/** To whom three sentinels call the master. */
export const SENTINEL_CLIENTS = {
  "node-redis": async (name: string, ports: readonly number[]): Promise<Connected> => {
    const client = (await import("redis")).createSentinel({ name, sentinelRootNodes: ports.map((port) => ({ host, port })), masterPoolSize: 1 });
    client.on("error", ignore);
    await client.connect();
    return { client, command: (_key, ...args) => client.sendCommand(false, args), close: async () => client.destroy() };
  },
  ioredis: async (name: string, ports: readonly number[]): Promise<Connected> => ofIoredis(new (await import("ioredis")).Redis({ name, sentinels: ports.map((port) => ({ host, port })), reconnectOnError: (error) => (error.message.startsWith("READONLY") ? 2 : false) })),
};
