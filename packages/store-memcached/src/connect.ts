export { connectMemcached, type MemcachedConnection, type MemcachedConnectOptions } from "./lib/connect-memcached.ts";
export { MemcachedError } from "./lib/errors.ts";
