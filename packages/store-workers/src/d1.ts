export { createD1Store } from "./lib/d1/d1-store.ts";
export type { D1Database, D1Result, D1Session, D1Statement, D1Value } from "./lib/d1/driver.ts";
export { d1Schema, type D1StoreOptions } from "./lib/d1/schema.ts";
