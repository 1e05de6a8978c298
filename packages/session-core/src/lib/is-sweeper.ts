import type { SessionStore, Sweeper } from "./port.ts";

/** A store that does not remove its expired rows by itself. */
export const isSweeper = (store: SessionStore): store is SessionStore & Sweeper => "sweep" in store;
