import { cacheStore } from "@holdfast/session-core/near-cache";
import { createRedisStore, type RedisClient } from "@holdfast/store-redis";
import { type TrackingClient, trackInvalidations } from "@holdfast/store-redis/tracking";
import { createClient, createCluster, createSentinel } from "redis";
import { redisBoard } from "./cluster/board.ts";
import type { OpenStore } from "./store.ts";
import type { RedisUrl } from "./store-url.ts";

/** How long it may take to reach a node, in ms. */
const CONNECT = 5000;

interface Client {
  on(event: "error", listener: (error: Error) => void): unknown;
  connect(): Promise<unknown>;
  close(): Promise<unknown>;
}

const complain = (error: Error): void => console.error("The session store:", error.message);
const again = (tries: number): number => Math.min(1000, tries * 50);

interface Watched {
  readonly isReady: boolean;
  info(section: string): Promise<string>;
  destroy(): void;
  connect(): Promise<unknown>;
}

/** How often a connection is asked whether it still leads to a master, in ms. Sentinels and clusters tell by themselves. */
const WATCH = 5000;

/** One that is dead, or leads to a master that became a replica, is given up for a new one (README of the store). */
function watch(client: Watched): void {
  const timer = setInterval(async () => {
    if (!client.isReady) return;
    const demoted = client.info("replication").then((told) => told.includes("role:slave"), () => false);
    const late = new Promise<boolean>((resolve) => void setTimeout(resolve, WATCH, true).unref());
    if (!(await Promise.race([demoted, late])) || !client.isReady) return;
    client.destroy();
    await client.connect().catch(complain);
  }, WATCH);
  timer.unref();
}

/** To one server, to whoever the sentinels call the master, or to a cluster. @param told one server tells this very connection of changes, too */
function clientFor({ kind, url, nodes }: RedisUrl, told: boolean): RedisClient & Client {
  if (kind === "redis") {
    let met = false;
    // Before the first connection a wrong address is told; after it every break mends itself.
    const client = createClient({ url: url.href, ...(told ? ({ RESP: 3, emitInvalidate: true } as const) : {}), socket: { connectTimeout: CONNECT, reconnectStrategy: (tries, cause) => (met ? again(tries) : cause) } });
    client.once("ready", () => void (met = true));
    watch(client);
    return client;
  }
  const username = decodeURIComponent(url.username);
  const password = decodeURIComponent(url.password);
  const socket = { connectTimeout: CONNECT, reconnectStrategy: again, ...(url.protocol.startsWith("rediss") ? ({ tls: true } as const) : {}) };
  // An address of IPv6 stands in brackets in a URL only.
  const roots = nodes.map(({ host, port }) => ({ host: host.replace(/^\[|\]$/g, ""), port }));
  const node = { socket, ...(username ? { username } : {}), ...(password ? { password } : {}) };
  if (kind === "redis-cluster") return createCluster({ rootNodes: roots.map((at) => ({ socket: { ...socket, ...at } })), defaults: node });
  return createSentinel({ name: decodeURIComponent(url.pathname.slice(1)), sentinelRootNodes: roots, nodeClientOptions: node, sentinelClientOptions: node });
}

async function connect(target: RedisUrl, told = false): Promise<RedisClient & Client> {
  const client = clientFor(target, told);
  client.on("error", complain);
  await client.connect();
  return client;
}

/**
 * Redis, Valkey, Sentinel or Cluster. With `?replicas=1` sign-ins and sign-outs wait for a copy, and who waits in vain is complained about: the portal goes on without.
 * @param clustered it is one of several nodes: it keeps copies of hot sessions where one server tells of changes, and that server has the board
 */
export async function openRedis(target: RedisUrl, clustered: boolean): Promise<Omit<OpenStore, "keys">> {
  const acknowledge = Number(target.url.searchParams.get("replicas"));
  const client = await connect(target, clustered);
  const waiting = acknowledge > 0 ? await connect(target) : undefined;
  const onUnmet = ({ verb, acknowledged }: { readonly verb: string; readonly acknowledged: number }): void => console.error(`The session store: ${acknowledged} replicas have this ${verb}.`);
  const store = createRedisStore(client, waiting ? { replicas: { client: waiting, acknowledge, onUnmet } } : {});
  await store.check();
  const close = async (): Promise<void> => void (await Promise.all([client.close(), waiting?.close()]));
  if (!clustered || target.kind !== "redis") return { store, name: "Redis", close };
  const one = client as RedisClient & Client & TrackingClient & { sendCommand(args: string[]): Promise<unknown> };
  const cached = cacheStore(store, { invalidations: trackInvalidations(store, one, { onFault: (error) => complain(error as Error) }) });
  return {
    store: cached,
    name: "Redis, hot ones in this node's memory",
    near: cached.cache,
    board: redisBoard((args) => one.sendCommand(args)),
    async close() {
      cached.cache.close();
      await close();
    },
  };
}
