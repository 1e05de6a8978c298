export { type CachedStore, type CacheOptions, type CacheStats, cacheStore, type NearCache } from "./lib/near-cache/cache-store.ts";
