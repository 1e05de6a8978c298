import type { OpenStore } from "./store.ts";
import type { StoreUrl } from "./store-url.ts";

/** How long it may take to reach the server, in ms. */
const CONNECT = 5000;

/** Connects, and makes the tables where they are missing. Drivers are loaded when they are used. */
export async function openServer(store: StoreUrl, clustered: boolean): Promise<Omit<OpenStore, "keys">> {
  if (store.kind === "memcached") return openMemcached(store.addresses);
  if ("nodes" in store) return (await import("./store-redis.ts")).openRedis(store, clustered);
  const { kind, url } = store;
  if (kind === "postgres") {
    const [{ default: postgres }, { createPostgresStore, ensurePostgresSchema, postgresJs }] = await Promise.all([import("postgres"), import("@holdfast/store-postgres")]);
    const sql = postgres(url.href, { connect_timeout: CONNECT / 1000, backoff: () => 0.5, onnotice: () => undefined });
    const run = postgresJs(sql);
    await ensurePostgresSchema(run);
    return { store: createPostgresStore(run), name: "PostgreSQL", close: () => sql.end({ timeout: 1 }) };
  }
  const [{ default: mysql }, { createMysqlStore, ensureMysqlSchema, mysqlPool }] = await Promise.all([import("mysql2/promise"), import("@holdfast/store-mysql")]);
  const pool = mysql.createPool({ uri: url.href, connectTimeout: CONNECT });
  const run = mysqlPool(pool);
  await ensureMysqlSchema(run);
  return { store: createMysqlStore(run), name: "MySQL", close: () => pool.end() };
}

async function openMemcached(addresses: readonly string[]): Promise<Omit<OpenStore, "keys">> {
  const [{ createMemcachedStore }, { connectMemcached }] = await Promise.all([import("@holdfast/store-memcached"), import("@holdfast/store-memcached/connect")]);
  const nodes = addresses.map((address) => connectMemcached(address, { connectTimeoutMs: CONNECT }));
  const close = async (): Promise<void> => nodes.forEach((node) => node.close());
  try {
    await Promise.all(nodes.map((node) => node.check()));
  } catch (error) {
    await close();
    // In its words is more than in its code.
    throw new Error((error as Error).message, { cause: error });
  }
  return {
    store: createMemcachedStore(nodes, { evicts: true }),
    name: "memcached",
    notice: "memcached forgets sessions when it needs room and at a restart, and cannot list them: no device list.",
    close,
  };
}
