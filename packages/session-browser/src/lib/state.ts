import { type EndedReason, evaluate, type Millis, type SessionView } from "@holdfast/session-protocol";
import type { SharedRecord } from "./record.ts";

type View<State extends SessionView["state"]> = Extract<SessionView, { state: State }>;

interface Alive {
  readonly view: View<"active">;
  /** Which limit comes first. */
  readonly by: "idle" | "absolute";
  /** Time left until it, in ms. */
  readonly endsIn: Millis;
  readonly idleAt: Millis;
  readonly absoluteAt: Millis;
}

/**
 * - `none`: no session; `reason` says `logout` when this browser signed out. Also before the first answer (`known: false`).
 * - `guest`: a session without a subject; it has no warning and no idle end in the browser.
 * - `active`, `warning`: alive; `warning` means that the end is at most `warnBefore` away.
 * - `offline`: alive by the deadlines we know, but the server could not be asked. Never a sign-out.
 * - `idle`, `expired`, `revoked`: over, by inactivity, by the absolute limit, or ended elsewhere.
 */
export type ClientState =
  | { readonly status: "none"; readonly known: boolean; readonly reason?: "logout" }
  | { readonly status: "guest"; readonly view: View<"guest"> }
  | ({ readonly status: "active" | "warning" | "offline" } & Alive)
  | { readonly status: "idle" | "expired" | "revoked"; readonly reason: EndedReason };

/** What this tab remembers between events. */
export interface Model {
  readonly view: SessionView | undefined;
  /** How the session that this tab knew came to its end. */
  readonly ended: EndedReason | undefined;
  readonly offline: boolean;
}

export type Action =
  | { readonly type: "answered"; readonly view: SessionView }
  | { readonly type: "unreachable" }
  | { readonly type: "reached" }
  | { readonly type: "ended"; readonly reason: EndedReason };

export const initialModel: Model = { view: undefined, ended: undefined, offline: false };

/** The one place where the model changes. */
export function reduce(model: Model, action: Action): Model {
  switch (action.type) {
    case "answered": {
      const { view } = action;
      // The server no longer knows why, but this tab saw it happen.
      const ended = view.state === "none" ? (view.ended ?? model.ended ?? (model.view?.state === "active" ? "revoked" : undefined)) : undefined;
      return { view, ended, offline: false };
    }
    case "unreachable":
      return { ...model, offline: true };
    case "reached":
      return { ...model, offline: false };
    case "ended":
      return { ...model, ended: action.reason };
  }
}

/** The state at a moment. Pure: the record comes from storage, the time from the caller. */
export function stateOf(model: Model, record: SharedRecord | undefined, now: Millis, warnBefore: Millis): ClientState {
  const { view, ended, offline } = model;
  if (ended) return over(ended);
  if (!view || view.state === "none") return { status: "none", known: view !== undefined };
  if (view.state === "guest") return { status: "guest", view };
  if (!record) return over("logout");
  // Somebody signed in elsewhere: not known yet who, but not this session any more.
  if (record.epoch !== view.epoch) return { status: "none", known: false };
  const evaluation = evaluate(record, now, warnBefore);
  if (evaluation.state === "expired") return over(evaluation.by);
  const { idleAt, absoluteAt } = record;
  const { by, endsIn } = evaluation;
  return { status: offline && evaluation.state === "active" ? "offline" : evaluation.state, view, by, endsIn, idleAt, absoluteAt };
}

/**
 * What a look at record and clocks calls for: `signed-out` when the record that was there is gone, `over` when a deadline has passed,
 * `ask` the server when the clocks disagree, `ask-soon` when another tab knows of a session that this one does not.
 */
export function stepFor({ view, ended }: Model, record: SharedRecord | undefined, state: ClientState, now: Millis, drifted: boolean): "signed-out" | "over" | "ask" | "ask-soon" | undefined {
  const epoch = view?.state === "active" ? view.epoch : undefined;
  if (record && record.epoch !== epoch) return "ask-soon";
  if (epoch === undefined) return undefined;
  // Another tab may have been faster at the deadline, and the session goes on.
  if (ended) return record && evaluate(record, now).state !== "expired" ? "ask-soon" : undefined;
  if (!record) return "signed-out";
  if (state.status === "idle" || state.status === "expired") return "over";
  return drifted ? "ask" : undefined;
}

/** What listeners can see of a state: two that look alike are not told apart. A warning changes each second. */
export const looksOf = (state: ClientState): string =>
  JSON.stringify("endsIn" in state ? [state.status, state.view, state.by, state.status === "warning" && Math.ceil(state.endsIn / 1000)] : state);

function over(reason: EndedReason): ClientState {
  if (reason === "logout") return { status: "none", known: true, reason };
  if (reason === "idle") return { status: "idle", reason };
  return { status: reason === "absolute" ? "expired" : "revoked", reason };
}
