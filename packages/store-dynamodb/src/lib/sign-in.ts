import type { CreateGuard, SessionId, StoredSession } from "@holdfast/session-core/store";
import type { Mark } from "./marks.ts";
import { GRACE, type Head } from "./rows.ts";

/** What a subject has, not all of one moment. */
export interface Subject {
  readonly mark: Mark;
  readonly rows: readonly Head[];
}

/** What a transaction does; it holds only if the mark is as it was, and all that is said here of rows is still so. */
export interface Plan {
  readonly outcome: "created" | "evicting";
  /** Ended by the limit. */
  readonly evict: readonly SessionId[];
  readonly replace: SessionId | undefined;
  /** Named by the mark, but not seen. They are over, or came too late to be seen: the transaction finds out which. */
  readonly absent: readonly SessionId[];
  /** Of the mark from then on. Who expired just now stays: a server whose clock is behind may yet prolong it. */
  readonly members: readonly SessionId[];
}

/** A transaction has 100 actions; three are the mark, the new row and the one it replaces. */
const ROOM = 97;

/** What becomes of a sign-in. `evicting`: more sessions have to go than fit into one transaction; the new one comes with the last of them. */
export function planOf({ mark, rows }: Subject, { id }: StoredSession, { began, limit, replaces }: CreateGuard, now: number): Plan | "exists" | "revoked" | "full" {
  const present = rows.filter(({ expiresAt }) => expiresAt > now);
  if (present.some((row) => row.id === id)) return "exists";
  if (began <= mark.notBefore) return "revoked";
  const replaced = present.find((row) => row.id === replaces?.id && row.kind !== "ended");
  const live = present.filter((row) => row.kind === "member" && row !== replaced);
  const excess = limit ? Math.max(0, live.length + 1 - limit.max) : 0;
  if (excess > 0 && limit?.whenFull === "reject") return "full";
  const goes = live.toSorted(oldestFirst).slice(0, excess).map((row) => row.id);
  const evict = goes.slice(0, ROOM);
  const last = evict.length === goes.length;
  const seen = new Set(rows.map((row) => row.id));
  const unseen = mark.members.filter((member) => member !== id && !seen.has(member));
  const absent = unseen.slice(0, ROOM - evict.length);
  const gone = new Set([...evict, ...absent, ...(last && replaced ? [replaced.id] : [])]);
  const others = [...rows.filter((row) => row.kind === "member" && row.expiresAt > now - GRACE).map((row) => row.id), ...unseen];
  return {
    outcome: last ? "created" : "evicting",
    evict,
    replace: last ? replaced?.id : undefined,
    absent,
    members: [...others.filter((member) => !gone.has(member)), ...(last ? [id] : [])],
  };
}

/** The id decides between rows of one millisecond. */
const oldestFirst = (a: Head, b: Head): number => a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1);
