export { createDurableObjectStore, type DurableObjectStore, type SessionsNamespace } from "./lib/object/object-store.ts";
export { SessionsObject } from "./lib/object/sessions-object.ts";
export type { ObjectSql, ObjectState, ObjectStorage, SqlValue } from "./lib/object/state.ts";
