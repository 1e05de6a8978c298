import type { EndedReason, Millis, SessionView } from "@holdfast/session-protocol";

type View<Data, State extends SessionView["state"]> = Extract<SessionView<Data>, { state: State }>;

/** What is known of a session that lives. The same object until something of it changes. */
export interface Alive<Data = unknown> {
  readonly view: View<Data, "active">;
  /** Which limit comes first. */
  readonly by: "idle" | "absolute";
  /** Time left until it when this state was made, in ms. During a warning that is each second; else see `idleAt`, `absoluteAt`. */
  readonly endsIn: Millis;
  /** End by inactivity, as a moment of this browser's wall clock. */
  readonly idleAt: Millis;
  /** End whatever the user does, as a moment of this browser's wall clock. */
  readonly absoluteAt: Millis;
  /**
   * `false` from the moment the page comes back from the back-forward cache, from being frozen or from sleep until the server was asked: with content
   * that nobody else may see, hide it (do not unmount it) meanwhile. The status is `offline` as long.
   */
  readonly confirmed: boolean;
}

/**
 * - `none`: no session; `reason` says `logout` when this browser signed out. Also before the first answer (`known: false`).
 * - `guest`: a session without a subject; it has no warning and no idle end in the browser.
 * - `active`, `warning`: alive; `warning` means that the end is at most `warnBefore` away.
 * - `offline`: alive by the deadlines we know, but the server has not confirmed it. Never a sign-out.
 * - `idle`, `expired`, `revoked`: over, by inactivity, by the absolute limit, or ended elsewhere; `reason` says more. `confirmed: false` while only the wall
 *   clock says so, which may have been set forward: hide the content at once, leave the page when it is confirmed. That takes one question to the server.
 */
export type ClientState<Data = unknown> =
  | { readonly status: "none"; readonly known: boolean; readonly reason?: "logout" }
  | { readonly status: "guest"; readonly view: View<Data, "guest"> }
  | ({ readonly status: "active" | "warning" | "offline" } & Alive<Data>)
  | { readonly status: "idle" | "expired" | "revoked"; readonly reason: EndedReason; readonly confirmed: boolean };

export type ClientStatus = ClientState["status"];
