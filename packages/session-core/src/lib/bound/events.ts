import type { Millis } from "@holdfast/session-protocol";
import type { WithoutTime } from "../emitter.ts";
import type { BoundAlgorithm } from "./bound-key.ts";
import type { SkippedReason } from "./items.ts";
import type { ProofFault } from "./proof.ts";

/** Why a browser could not bind its session: a fault of its proof, or of the moment. */
export type RegistrationFault = ProofFault | "off" | "not_a_browser" | "no_session" | "bound_already" | "late";

/** Why a request in a session did not get through. `skipped`: without a ticket, of a browser that could not fetch one, as it says. `unbound`: the session should have been bound by now. */
export type AccessFault = "no_ticket" | "expired" | "forged" | "skipped" | "unbound";

/** For logs and metrics. `handle` is the session's; none carries a proof, a challenge, a key or a ticket. */
export type BindingEvent = { readonly at: Millis; readonly handle?: string | undefined } & (
  | { readonly type: "device_bound"; readonly alg: BoundAlgorithm }
  | { readonly type: "device_registration_refused"; readonly why: RegistrationFault }
  /** More of these per session than one in `ticketLife` less two minutes say that something drops or changes the ticket's cookie. */
  | { readonly type: "device_refreshed" }
  | { readonly type: "device_challenged"; readonly why: ProofFault }
  | { readonly type: "device_refused"; readonly why: AccessFault }
  /** Of a key of the ring that this server does not have (yet), or that somebody invented; or, `key`, a session that a later release has bound. */
  | { readonly type: "device_indeterminate"; readonly of: "ticket" | "key" }
  /** As of the sessions: the write of a registration. `cause` gives the driver's error, whose text may quote the row: not for logs. */
  | { readonly type: "store_failed"; readonly verb: string; readonly error: string; readonly cause: () => unknown }
  /** The browser says why it has no fresh ticket. */
  | { readonly type: "device_skipped"; readonly reason: SkippedReason; readonly action: "allow" | "refuse" }
);

export type EmitBinding = (event: WithoutTime<BindingEvent>) => void;
