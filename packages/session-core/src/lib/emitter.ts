import type { Millis } from "@holdfast/session-protocol";
import { callListener } from "./call-listener.ts";
import type { Clock } from "./clock.ts";

/** An event as it is told: its time comes with the telling. */
export type WithoutTime<Event> = Event extends unknown ? Omit<Event, "at"> : never;

/** Tells one listener, now. One that throws or rejects decides about nobody's session and no token. */
export const createEmit =
  <Event extends { readonly at: Millis }>(listener: ((event: Event) => void) | undefined, clock: Clock): ((event: WithoutTime<Event>) => void) =>
  (event) => {
    if (listener) callListener(listener, { at: clock.now(), ...event } as unknown as Event);
  };
