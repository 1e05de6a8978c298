export type { RedisClient } from "./lib/client.ts";
export { createRedisStore, type RedisStore, type RedisStoreOptions } from "./lib/redis-store.ts";
export type { RedisReplicas, UnmetReplicas } from "./lib/replicas.ts";
