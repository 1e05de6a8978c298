import type { SessionEvent } from "./events.ts";

/** Why a session is over with this event; `undefined` for an event that ends none. */
export function endOf(event: SessionEvent): string | undefined {
  switch (event.type) {
    case "session_expired":
    case "session_revoked":
      return event.reason;
    case "session_logout":
      return "logout";
    case "session_reuse_detected":
      return event.action === "revoke" ? "reuse" : undefined;
    case "session_signal_changed":
      return event.action === "revoke" ? "revoked" : undefined;
    case "excess_sessions_exceeded":
      return event.action === "evict-oldest" ? "evicted" : undefined;
    default:
      return undefined;
  }
}

/** The sessions that an event is about. */
export const handlesOf = (event: SessionEvent): readonly string[] => ("handles" in event && event.handles ? event.handles : [event.handle ?? ""]);
