import type { ActiveState, SessionState } from "@holdfast/session-core";
import type { Millis } from "@holdfast/session-protocol";
import type { MiddlewareHandler } from "hono";
import { problem, type ProblemOptions } from "./problem.ts";
import type { SessionEnv } from "./session.ts";
import { withoutTicket } from "./without-ticket.ts";

/**
 * Lets a request through only with a signed-in session, which it puts on `c.var.active`. Otherwise 401, or 503 while keys roll out.
 * What middleware in front has done counts: a session that it ended does not pass, a sign-in does.
 */
export function requireSession<Data>(): MiddlewareHandler<SessionEnv<Data>> {
  return async function requireSession(c, next) {
    const state = await c.var.session.load();
    if (state.kind !== "active") return refused(state);
    c.set("active", state);
    return next();
  };
}

export interface FreshOptions {
  /** How recent the authentication must be, in ms. Default: `policy.freshFor` of the sessions. */
  readonly maxAge?: Millis;
  /** Authentication context that the session must have. */
  readonly acr?: string;
  /** Methods of which the authentication must have used all. */
  readonly amr?: readonly string[];
  /** Default `Date.now`. */
  readonly now?: () => Millis;
}

/** 403 `fresh_required` unless the person proved recently, and strongly enough, who they are; 401 as {@link requireSession} without a session. A copy in the process is not asked. */
export function requireFresh<Data>(options: FreshOptions | Millis = {}): MiddlewareHandler<SessionEnv<Data>> {
  const { maxAge, acr, amr = [], now = Date.now } = typeof options === "number" ? { maxAge: options } : options;
  return async function requireFresh(c, next) {
    const state = await c.var.session.load({ authoritative: true });
    if (state.kind !== "active") return refused(state);
    const longest = maxAge ?? c.var.sessions.policy.freshFor;
    const strong = (acr === undefined || state.acr === acr) && amr.every((method) => state.amr.includes(method));
    if (isRecent(c.var.session, state, longest, now()) && strong) return next();
    return freshRequired(longest, { members: acr === undefined ? {} : { acr } });
  };
}

export const isRecent = (session: object, state: ActiveState<unknown>, longest: Millis, now: Millis): boolean => !state.suspect && !withoutTicket.get(session)?.() && now - state.authenticatedAt <= longest;

export const freshRequired = (longest: Millis, options: ProblemOptions = {}): Response =>
  problem("fresh_required", { ...options, members: { maxAge: Math.floor(longest / 1000), ...options.members } });

/** The answer to a request that needs a session and has none, or none of the right kind. */
export function refused(state: SessionState<unknown>): Response {
  const why = state.kind === "none" ? state.refused : undefined;
  if (why === "indeterminate") return problem("unavailable");
  // Nothing was done yet, whatever the method: a client that has the new credential may send it again.
  return why ? problem(why, { members: { processed: false } }) : problem("expired");
}
