import type { EndedReason, SessionView } from "@holdfast/session-protocol";
import type { ClientState } from "./client-state.ts";
import type { Evaluated } from "./engine.ts";
import { lifeOf, type Moment } from "./life.ts";
import type { SharedRecord } from "./record.ts";

/** What this tab remembers between events. */
export interface Known {
  readonly view?: SessionView | undefined;
  /** The first of the views that differ in nothing but the time that went by: the others are no reason to draw a page again. */
  readonly mark?: SessionView | undefined;
  /** How the session that this tab knew came to its end. */
  readonly ended?: EndedReason | undefined;
  /** The server was asked and did not answer. */
  readonly offline?: boolean;
  /** The page was away, and nobody was asked since. */
  readonly unsure?: boolean;
}

export type Action =
  | { readonly type: "answered"; readonly view: SessionView }
  | { readonly type: "ended"; readonly reason: EndedReason }
  | { readonly type: "unreachable" | "reached" | "restored" | "lost" };

/** The one place where it changes. */
export function reduce(known: Known, action: Action): Known {
  switch (action.type) {
    case "answered": {
      const { view } = action;
      // The server no longer knows why, but this tab saw it happen.
      const ended = view.state === "none" ? (view.ended ?? known.ended ?? (known.view?.state === "active" ? "revoked" : undefined)) : undefined;
      return { view, mark: keep(known, view), ended };
    }
    case "unreachable":
      return { ...known, offline: true };
    case "reached":
      return { ...known, offline: false, unsure: false };
    case "restored":
      return { ...known, unsure: true };
    case "lost":
      return {};
    case "ended":
      return { ...known, ended: action.reason };
  }
}

/** A step-up is news: the last authentication was not so recent before. */
function keep({ mark, view: before }: Known, view: SessionView): SessionView {
  const lasting = (of: SessionView | undefined): string => JSON.stringify({ ...of, idleIn: 0, expiresIn: 0, authenticatedAgo: 0 });
  const ago = (of: SessionView | undefined): number => (of?.state === "active" ? of.authenticatedAgo : 0);
  return mark && lasting(mark) === lasting(view) && ago(before) <= ago(view) ? mark : view;
}

/** The session that this tab knows to be there; empty for none. */
export const epochOf = ({ view }: Known): string => (view?.state === "active" ? view.epoch : "");

/** The state at a moment, and when it can change by itself. Pure: the record comes from storage, the time from the caller. */
export const evaluate = (known: Known, record: SharedRecord | undefined, moment: Moment, warnBefore: number): Evaluated<ClientState> => ({
  ...stateOf(known, record, moment, warnBefore),
  mark: known.mark,
});

function stateOf({ view, ended, offline = false, unsure = false }: Known, record: SharedRecord | undefined, moment: Moment, warnBefore: number): Evaluated<ClientState> {
  if (ended) return over(ended, true);
  if (!view || view.state === "none") return { state: { status: "none", known: !!view } };
  if (view.state === "guest") return { state: { status: "guest", view } };
  // Somebody signed in elsewhere or emptied the storage: not known yet what holds, but not this session as it was.
  if (record?.epoch !== view.epoch) return { state: { status: "none", known: false } };
  const life = lifeOf(record, moment, warnBefore);
  if (life.over) return over(life.over, life.certain || offline);
  const { status, by, endsIn, wakeIn } = life;
  const { idleAt, absoluteAt } = record;
  return { state: { status: status === "active" && (offline || unsure) ? "offline" : status, view, by, endsIn, idleAt, absoluteAt, confirmed: !unsure }, wakeIn };
}

function over(reason: EndedReason, confirmed: boolean): Evaluated<ClientState> {
  if (reason === "logout") return { state: { status: "none", known: true, reason } };
  return { state: { status: reason === "idle" ? "idle" : reason === "absolute" ? "expired" : "revoked", reason, confirmed } };
}

/**
 * What a look at record and clocks calls for. `over`: this session has ended, for that reason. `ask` the server: a deadline has passed or the clocks part.
 * `lost`: the storage was emptied, by whom or why nobody knows. `ask-soon`: another tab knows of a session that this one does not.
 */
export function stepFor(known: Known, record: SharedRecord | undefined, moment: Moment, end: EndedReason | undefined, drifted: boolean): { readonly over: EndedReason } | "lost" | "ask" | "ask-soon" | undefined {
  const epoch = epochOf(known);
  if (record && record.epoch !== epoch) return "ask-soon";
  if (!epoch) return undefined;
  const life = record && lifeOf(record, moment, 0);
  // Another tab may have been faster at the deadline, and the session goes on.
  if (known.ended) return life && !life.over ? "ask-soon" : undefined;
  if (!life) return end ? { over: end } : "lost";
  if (life.over) return life.certain || known.offline ? { over: life.over } : "ask";
  return drifted ? "ask" : undefined;
}
