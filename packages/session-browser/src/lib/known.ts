import type { EndedReason, Millis, SessionView } from "@holdfast/session-protocol";
import type { ClientState } from "./client-state.ts";
import type { Evaluated } from "./engine.ts";
import { lifeOf, type Moment } from "./life.ts";
import { recordOf, type SharedRecord } from "./record.ts";

/** What this tab remembers between events. */
export interface Known {
  readonly view?: SessionView | undefined;
  /** When the request was sent that brought it. */
  readonly at?: Millis;
  /** The first of the views that differ in nothing but the time that went by: the others are no reason to draw a page again. */
  readonly mark?: SessionView | undefined;
  /** How the session that this tab knew came to its end. */
  readonly ended?: EndedReason | undefined;
  /** The server was asked and did not answer. */
  readonly offline?: boolean;
  /** When the page came back, if nobody was asked since. */
  readonly unsure?: Millis | false | undefined;
}

/** What is known after the server's answer. */
export function answeredBy(known: Known, view: SessionView): Known {
  const { mark } = known;
  const same = mark && lasting(mark) === lasting(view) && ago(known.view) <= ago(view);
  return { view, mark: same ? mark : view, ended: view.state === "none" ? (view.ended ?? known.ended ?? (epochOf(known) ? "revoked" : undefined)) : undefined };
}

const lasting = (view: SessionView): string => JSON.stringify({ ...view, idleIn: 0, expiresIn: 0, authenticatedAgo: 0 });
/** A step-up is news: the last authentication was not so recent before. */
const ago = (view: SessionView | undefined): number => (view?.state === "active" ? view.authenticatedAgo : 0);

/** The session that this tab knows to be there; empty for none. */
export const epochOf = ({ view }: Known): string => (view?.state === "active" ? view.epoch : "");

/**
 * What follows from record and clocks. `over`: this session has ended, for that reason. `ask` the server: the session was over by a clock that
 * may be wrong, or is it by ours and the server shall know. `lost`: the storage was emptied, by whom or why nobody knows. `soon`: another tab knows of a
 * session that this one does not.
 */
export interface Step {
  readonly over?: EndedReason | undefined;
  readonly lost?: boolean;
  readonly ask?: boolean;
  readonly soon?: boolean | undefined;
}

export interface Decided extends Evaluated<ClientState> {
  readonly step: Step;
}

/**
 * The state at a moment, when it can change by itself, and what is to do. Pure: the record comes from storage, the time from the caller.
 *
 * @param end how the session that this tab knows ended, if it did in any tab
 */
export function evaluate(known: Known, record: SharedRecord | undefined, moment: Moment, warnBefore: number, end?: EndedReason): Decided {
  const { view, mark, ended, offline, unsure } = known;
  const epoch = epochOf(known);
  const result = (state: ClientState, step: Step = {}, wakeIn?: number) => ({ state, step, mark, wakeIn });
  const other = record && record.epoch !== epoch;
  const life = record && !other ? lifeOf(record, moment, warnBefore) : undefined;
  // Another tab may have been faster at the deadline, and the session goes on.
  if (ended) return result(over(ended, true), { soon: other || (life && !life.over) });
  if (view?.state === "guest") return result({ status: "guest", view }, { soon: other });
  if (view?.state !== "active") return result({ status: "none", known: !!view }, { soon: other });
  if (!life) return end && !other ? result(over(end, true), { over: end }) : result({ status: "none", known: false }, other ? { soon: true } : { lost: true, ask: true });
  if (life.over) {
    const certain = life.certain || !!offline;
    return result(over(life.over, certain), certain ? { over: life.over, ask: true } : { ask: true });
  }
  const { status, by, endsIn, wakeIn } = life;
  const { idleAt, absoluteAt } = record as SharedRecord;
  return result({ status: status === "active" && (offline || unsure) ? "offline" : status, view, by, endsIn, idleAt, absoluteAt, confirmed: !unsure }, {}, wakeIn);
}

/** The state of this view alone, whatever record and other tabs say: what server and browser agree on. */
export function initialOf(view: SessionView, at: Millis, warnBefore: Millis): ClientState {
  // Without an active session nothing of the record counts.
  const record = recordOf(undefined, view as Extract<SessionView, { state: "active" }>, at, at, false);
  return evaluate(answeredBy({}, view), record, { now: at, least: at }, warnBefore).state;
}

function over(reason: EndedReason, confirmed: boolean): ClientState {
  if (reason === "logout") return { status: "none", known: true, reason };
  return { status: reason === "idle" ? "idle" : reason === "absolute" ? "expired" : "revoked", reason, confirmed };
}
