import type { SessionStore, SubjectEnder } from "./port.ts";

/** A store that can end all sessions of a subject. */
export const isEnder = (store: SessionStore): store is SessionStore & SubjectEnder => "endAll" in store;
