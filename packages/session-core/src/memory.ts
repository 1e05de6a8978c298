export { createMemoryStore, type MemoryStoreOptions } from "./lib/memory-store.ts";
