import { isEnder } from "./is-ender.ts";
import type { SessionStore, SubjectIndex } from "./port.ts";

/** A store that knows the sessions of a subject. */
export const isIndex = (store: SessionStore): store is SessionStore & SubjectIndex => "list" in store && isEnder(store);
