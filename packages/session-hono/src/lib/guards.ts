import type { Millis } from "@holdfast/session-protocol";
import type { MiddlewareHandler } from "hono";
import { problem } from "./problem.ts";
import type { SessionEnv } from "./session.ts";

/** Lets a request through only with a signed-in session, which it puts on `c.var.active`. Otherwise 401, or 503 while keys roll out. */
export function requireSession<Data>(): MiddlewareHandler<SessionEnv<Data>> {
  return async function requireSession(c, next) {
    const state = await c.var.session.load();
    if (state.kind === "active") {
      c.set("active", state);
      return next();
    }
    if (state.kind === "none" && state.refused === "indeterminate") return problem("unavailable");
    return problem(state.kind === "none" && state.refused === "superseded" ? "superseded" : "expired");
  };
}

export interface FreshOptions {
  /** How recent the authentication must be, in ms. */
  readonly maxAge: Millis;
  /** Authentication context that the session must have. */
  readonly acr?: string;
  /** Methods of which the authentication must have used all. */
  readonly amr?: readonly string[];
  /** Default `Date.now`. */
  readonly now?: () => Millis;
}

/** Behind {@link requireSession}: 403 `fresh_required` unless the person proved recently, and strongly enough, who they are. */
export function requireFresh<Data>(options: FreshOptions | Millis): MiddlewareHandler<SessionEnv<Data>> {
  const { maxAge, acr, amr = [], now = Date.now } = typeof options === "number" ? { maxAge: options } : options;
  return async function requireFresh(c, next) {
    const state = await c.var.session.load();
    if (state.kind !== "active") return problem("expired");
    const recent = !state.suspect && now() - state.authenticatedAt <= maxAge;
    const strong = (acr === undefined || state.acr === acr) && amr.every((method) => state.amr.includes(method));
    if (recent && strong) return next();
    return problem("fresh_required", { members: { maxAge: Math.floor(maxAge / 1000), ...(acr === undefined ? {} : { acr }) } });
  };
}
