import { type ActiveState, type CommitOptions, HoldfastError, isCacheable, type RequestSession, type Sessions } from "@holdfast/session-core";
import type { Context, MiddlewareHandler } from "hono";
import { problemOf } from "./problem.ts";
import { vary, writableHeaders } from "./response-headers.ts";

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
  return async function session(c, next) {
    // Another instance further out has opened it already, and will commit it.
    if (excepted(c.req.path) || c.get("session")) return next();
    const current = sessions.prepare(c.req.raw, activity === undefined ? {} : { activity });
    c.set("session", current);
    try {
      if (!lazy) await current.load();
      await next();
      if (c.error) current.discard();
      await answer(c, current);
    } catch (error) {
      if (!(error instanceof HoldfastError)) throw error;
      fail(c, error);
    }
    vary(writableHeaders(c), "Cookie");
  };
}

async function answer<Data>(c: Context, current: RequestSession<Data>): Promise<void> {
  const { cookies, headers } = await current.commit(commitOptions(c));
  if (cookies.length === 0 && headers.length === 0) return;
  const target = writableHeaders(c);
  for (const [name, value] of headers) target.set(name, value);
  for (const { header } of cookies) target.append("set-cookie", header);
}

function commitOptions(c: Context): CommitOptions {
  const cacheable = isCacheable(c.res.headers);
  try {
    const { executionCtx } = c;
    return { cacheable, defer: (work) => executionCtx.waitUntil(work) };
  } catch {
    // Node and Bun have no execution context: a touch is then awaited.
    return { cacheable };
  }
}

/** The write failed, so what the handler answered is not true. */
function fail(c: Context, error: HoldfastError): void {
  const response = problemOf(error);
  c.res = undefined;
  c.res = response;
}

function matcher(patterns: readonly string[]): (path: string) => boolean {
  const exact = new Set(patterns.filter((pattern) => !pattern.endsWith("/*")));
  const prefixes = patterns.filter((pattern) => pattern.endsWith("/*")).map((pattern) => pattern.slice(0, -1));
  return (path) => exact.has(path) || prefixes.some((prefix) => path.startsWith(prefix));
}
