import { type ActiveState, HoldfastError, isCacheable, type RequestSession, type Sessions } from "@holdfast/session-core";
import type { Context, MiddlewareHandler } from "hono";
import { problemOf } from "./problem.ts";
import { changeHeaders, vary } from "./response-headers.ts";

/** What {@link session} and {@link requireSession} put on the context. */
export interface SessionEnv<Data> {
  Variables: {
    session: RequestSession<Data>;
    /** Set by `requireSession()`: the state, known to be of somebody who signed in. */
    active: ActiveState<Data>;
  };
}

export interface SessionOptions {
  /** Paths that never touch a session: exact, or everything below with a trailing `/*`. For assets and health checks. */
  readonly except?: readonly string[];
  /** Reads the store only when a handler awaits `c.var.session.load()`, or a guard does. Default false: read before the handler. */
  readonly lazy?: boolean;
  /** Overrides what the request says about the user being behind it. */
  readonly activity?: boolean;
}

/**
 * Opens the session of each request and commits it once, before the first byte of the response.
 * A handler that throws commits its sign-out only; a response that it marked cacheable gets no renewal.
 */
export function session<Data>(sessions: Sessions<Data>, options: SessionOptions = {}): MiddlewareHandler<SessionEnv<Data>> {
  const excepted = matcher(options.except ?? []);
  const { lazy = false, activity } = options;
  const openOptions = activity === undefined ? {} : { activity };
  return async function session(c, next) {
    // Another instance further out has opened it already, and will commit it.
    if (excepted(c.req.path) || c.get("session")) return next();
    const current = sessions.prepare(c.req.raw, openOptions);
    c.set("session", current);
    try {
      if (!lazy) await current.load();
      await next();
      if (c.error) current.discard();
      const { cookies, headers } = await current.commit({ cacheable: isCacheable(c.res.headers), defer: (work) => outlive(c, work) });
      changeHeaders(c, (target) => {
        for (const [name, value] of headers) target.set(name, value);
        for (const { header } of cookies) target.append("set-cookie", header);
        vary(target, "Cookie");
      });
    } catch (error) {
      if (!(error instanceof HoldfastError)) throw error;
      fail(c, error);
    }
  };
}

/** Asked only when there is work: looking for an execution context where there is none, on Node, throws, and that is dear. */
function outlive(c: Context, work: Promise<unknown>): boolean {
  try {
    c.executionCtx.waitUntil(work);
    return true;
  } catch {
    return false;
  }
}

/** The write failed, so what the handler answered is not true. */
function fail(c: Context, error: HoldfastError): void {
  const response = problemOf(error);
  vary(response.headers, "Cookie");
  c.res = undefined;
  c.res = response;
}

function matcher(patterns: readonly string[]): (path: string) => boolean {
  const exact = new Set(patterns.filter((pattern) => !pattern.endsWith("/*")));
  const prefixes = patterns.filter((pattern) => pattern.endsWith("/*")).map((pattern) => pattern.slice(0, -1));
  return (path) => exact.has(path) || prefixes.some((prefix) => path.startsWith(prefix));
}
