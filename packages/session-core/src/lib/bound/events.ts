import type { Millis } from "@holdfast/session-protocol";
import { callListener } from "../call-listener.ts";
import type { Clock } from "../clock.ts";
import type { BoundAlgorithm } from "./bound-key.ts";
import type { SkippedReason } from "./items.ts";
import type { ProofFault } from "./proof.ts";

/** Why a browser could not bind its session: a fault of its proof, or of the moment. */
export type RegistrationFault = ProofFault | "off" | "not_a_browser" | "no_session" | "bound_already" | "late";

/** Why a request in a session did not get through. `unbound`: the session should have been bound by now. */
export type AccessFault = "no_ticket" | "expired" | "forged" | "unbound";

/** For logs and metrics. `handle` is the session's; none carries a proof, a challenge, a key or a ticket. */
export type BindingEvent = { readonly at: Millis; readonly handle?: string | undefined } & (
  | { readonly type: "device_bound"; readonly alg: BoundAlgorithm }
  | { readonly type: "device_registration_refused"; readonly why: RegistrationFault }
  /** More of these per session than one in `ticketLife` less two minutes say that something drops or changes the ticket's cookie. */
  | { readonly type: "device_refreshed" }
  | { readonly type: "device_challenged"; readonly why: ProofFault }
  | { readonly type: "device_refused"; readonly why: AccessFault }
  /** The browser says why it has no fresh ticket. */
  | { readonly type: "device_skipped"; readonly reason: SkippedReason; readonly action: "allow" | "refuse" }
);

type WithoutTime = BindingEvent extends infer E ? (E extends BindingEvent ? Omit<E, "at"> : never) : never;

export type EmitBinding = (event: WithoutTime) => void;

/** A listener that throws or rejects decides about nobody's session. */
export const createEmitBinding =
  (listener: ((event: BindingEvent) => void) | undefined, clock: Clock): EmitBinding =>
  (event) => {
    if (listener) callListener(listener, { at: clock.now(), ...event } as BindingEvent);
  };
