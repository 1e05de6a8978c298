import type { EndedReason, Seconds } from "./wire.ts";

interface LiveView<Data> {
  /** Public id of the session, as in the device list. Not a credential. */
  readonly id: string;
  /** The application's projection of the session data; nothing unless it chose to show something. */
  readonly data: Data;
  readonly idleIn: Seconds;
  /** The whole idle time of which `idleIn` is left: how much warning fits into it cannot be told from what is left of it. */
  readonly idleFor?: Seconds;
  readonly expiresIn: Seconds;
  /** Handle that names this session to the browser client. */
  readonly epoch: string;
}

/** What `GET /session` answers. */
export type SessionView<Data = unknown> =
  | (LiveView<Data> & { readonly state: "active"; readonly subject: string; readonly authenticatedAgo: Seconds })
  | (LiveView<Data> & { readonly state: "guest" })
  | { readonly state: "none"; readonly ended?: EndedReason };

const REASONS: readonly unknown[] = ["idle", "absolute", "revoked", "reuse", "logout"] satisfies EndedReason[];

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
const isText = (value: unknown): value is string => typeof value === "string" && value !== "";

/** Checks an untrusted value; `null` when it is not a SessionView. Members we do not know are dropped. Never throws. */
export function parseSessionView(value: unknown): SessionView | null {
  const v = Object(value) as Readonly<Record<string, unknown>>;
  if (v["state"] === "none") {
    const ended = v["ended"];
    return REASONS.includes(ended) ? { state: "none", ended: ended as EndedReason } : { state: "none" };
  }
  const { id, data, idleIn, idleFor, expiresIn, epoch, subject, authenticatedAgo } = v;
  if (!isText(id) || !isText(epoch) || !isCount(idleIn) || !isCount(expiresIn)) return null;
  const live = { id, data, idleIn, ...(isCount(idleFor) ? { idleFor } : {}), expiresIn, epoch };
  if (v["state"] === "guest") return { state: "guest", ...live };
  if (v["state"] !== "active" || !isText(subject) || !isCount(authenticatedAgo)) return null;
  return { state: "active", ...live, subject, authenticatedAgo };
}
