export { createMemcachedStore, type MemcachedStore, type MemcachedStoreOptions } from "./lib/memcached-store.ts";
export type { MemcachedNode, MetaCommand, MetaReply } from "./lib/node.ts";
