import { endOf, handlesOf } from "./end-of.ts";
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
    for (const handle of handlesOf(event)) tell("session.end", handle, { "holdfast.session.end_reason": reason });
  };
}
