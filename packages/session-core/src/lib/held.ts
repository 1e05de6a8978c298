import type { SessionId, StoredSession } from "./port.ts";

/**
 * What the `read` of a near cache has on top: the copy that it would answer with, without waiting. A promise, a deadline and a signal cost more than the rest of
 * such a read. It is on the function, so that whoever puts an own `read` in its place is asked.
 */
export interface HeldRead {
  held?(id: SessionId): StoredSession | undefined;
}
