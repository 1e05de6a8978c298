import type { SessionStore, SubjectEnder, SubjectIndex, Sweeper } from "./port.ts";

/** A store around another one, with its powers. */
export type Wrapped<S extends SessionStore> = SessionStore & Pick<S, "capabilities"> & (S extends SubjectEnder ? SubjectEnder : unknown) & (S extends SubjectIndex ? SubjectIndex : unknown) & (S extends Sweeper ? Sweeper : unknown);
