import type { TrackingClient } from "@holdfast/store-redis/tracking";
import type { createClient } from "redis";

export interface OpenTracker {
  readonly client: TrackingClient;
  close(): void;
}

const ignore = (): void => undefined;
/** Tests that take a server away want it back soon. */
const RETRY = 50;

async function ofNodeRedis(client: ReturnType<typeof createClient>): Promise<OpenTracker> {
  client.on("error", ignore);
  await client.connect();
  return { client: client as unknown as TrackingClient, close: () => client.destroy() };
}

/** The client libraries as their users open them to be told of changes. */
export const TRACKERS = {
  "node-redis 6": async (url: string): Promise<OpenTracker> =>
    ofNodeRedis((await import("redis")).createClient({ url, RESP: 3, emitInvalidate: true, socket: { reconnectStrategy: RETRY } }) as unknown as ReturnType<typeof createClient>),
  "node-redis 5": async (url: string): Promise<OpenTracker> =>
    ofNodeRedis((await import("redis5")).createClient({ url, RESP: 3, emitInvalidate: true, socket: { reconnectStrategy: RETRY } }) as unknown as ReturnType<typeof createClient>),
  "ioredis 6": async (url: string): Promise<OpenTracker> => {
    const client = new (await import("ioredis")).Redis(url, { protocol: 2, retryStrategy: () => RETRY });
    client.on("error", ignore);
    return { client: client as unknown as TrackingClient, close: () => client.disconnect() };
  },
  "ioredis 5": async (url: string): Promise<OpenTracker> => {
    const client = new (await import("ioredis5")).Redis(url, { retryStrategy: () => RETRY });
    client.on("error", ignore);
    return { client: client as unknown as TrackingClient, close: () => client.disconnect() };
  },
};
