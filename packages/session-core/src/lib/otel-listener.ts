import type { SessionEvent } from "./events.ts";

/** An event of the OpenTelemetry semantic conventions for sessions (experimental there). */
export interface OtelSessionEvent {
  readonly eventName: "session.start" | "session.end";
  /** Milliseconds since the Unix epoch. */
  readonly timestamp: number;
  readonly attributes: Record<string, string>;
}

/** The part of a `Logger` of `@opentelemetry/api-logs` that is used. */
export interface OtelLogger {
  emit(event: OtelSessionEvent): void;
}

export interface OtelListenerOptions {
  /**
   * Whether events carry `session.id` and `session.previous_id`, so that telemetry of one session can be joined. Default false. The value is the
   * session's handle, a keyed hash that names a session to nobody who does not have the keys; never the id, let alone the credential.
   */
  readonly sessionId?: boolean;
}

/** For `onEvent`: what begins and ends a session becomes `session.start` and `session.end`; other events are not told. */
export function createOtelListener(logger: OtelLogger, { sessionId = false }: OtelListenerOptions = {}): (event: SessionEvent) => void {
  return (event) => {
    const tell = (eventName: OtelSessionEvent["eventName"], handle: string, attributes: Record<string, string>, previous?: string): void => {
      const names = sessionId ? { "session.id": handle, ...(previous === undefined ? {} : { "session.previous_id": previous }) } : {};
      logger.emit({ eventName, timestamp: event.at, attributes: { ...names, ...attributes } });
    };
    if (event.type === "session_created") {
      const { handle = "", kind, previous } = event;
      if (previous !== undefined) tell("session.end", previous, { "holdfast.session.end_reason": "replaced" });
      tell("session.start", handle, { "holdfast.session.kind": kind }, previous);
      return;
    }
    const reason = endOf(event);
    if (reason === undefined) return;
    const ended = "handles" in event && event.handles ? event.handles : [event.handle ?? ""];
    for (const handle of ended) tell("session.end", handle, { "holdfast.session.end_reason": reason });
  };
}

/** Why a session is over with this event; `undefined` for an event that ends none. */
function endOf(event: SessionEvent): string | undefined {
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
