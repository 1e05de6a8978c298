import { type ActiveState, applyCommit, type CsrfTokens, HoldfastError, isCacheable, type RequestSession, type Sessions } from "@holdfast/session-core";
import { CSRF_HEADER, DEADLINES_HEADER } from "@holdfast/session-protocol";
import type { Context, MiddlewareHandler, Next } from "hono";
import { type CsrfTokenOptions, tokenCheck } from "./csrf-token.ts";
import { problemOf } from "./problem.ts";
import { changeHeaders, vary } from "./response-headers.ts";

/** What {@link session} and {@link requireSession} put on the context. */
export interface SessionEnv<Data> {
  Variables: {
    session: RequestSession<Data>;
    /** Whose session that is. */
    sessions: Sessions<Data>;
    /** Set by `requireSession()`: the state, known to be of somebody who signed in. */
    active: ActiveState<Data>;
    /**
     * With tokens switched on: a CSRF token for the session as it is now, for a form field or a meta element; empty where there is no session.
     * A sign-in makes a new session, so ask after it.
     */
    csrfToken: () => string;
  };
}

export interface SessionOptions {
  /** Paths that never touch a session: exact, or everything below with a trailing `/*`. For assets and health checks. */
  readonly except?: readonly string[];
  /** Reads the store only when a handler awaits `c.var.session.load()`, or a guard does. Default false: read before the handler. */
  readonly lazy?: boolean;
  /** Overrides what the request says about the user being behind it. */
  readonly activity?: boolean;
  /** How tokens are checked where `createSessions({ csrf })` switched them on: on every write with a session cookie. */
  readonly csrf?: CsrfTokenOptions;
  /** Address of the socket's other end, for the core's `ip` signal: `(c) => getConnInfo(c).remote.address`, with the `getConnInfo` of your runtime. */
  readonly address?: (c: Context) => string | undefined;
}

/** Of requests with sessions of several realms: the one that the answer belongs to. Deadlines and token are its own. */
const innermost = new WeakMap<Context, unknown>();

/**
 * Opens the session of each request and commits it once, before the first byte of the response.
 * A handler that throws commits its sign-out only; a response that it marked cacheable gets no renewal.
 *
 * Inside another one of the same `sessions` it shares the session: `activity: false` and `csrf` then count on top, the rest is the outer one's.
 * Inside one of other `sessions` (a realm of its own) it opens its own, and hands `c.var` back afterwards.
 *
 * @throws HoldfastError `config` for `csrf` options without tokens
 */
export function session<Data>(sessions: Sessions<Data>, options: SessionOptions = {}): MiddlewareHandler<SessionEnv<Data>> {
  const excepted = matcher(options.except ?? []);
  const { lazy = false, activity, address } = options;
  const openOptions = activity === undefined ? {} : { activity };
  const { csrf: tokens } = sessions;
  const check = tokenCheck(tokens, options.csrf);
  return function session(c, next) {
    if (excepted(c.req.path)) return next();
    const outer = c.get("session");
    if (!outer) return own(c, next);
    if (c.get("sessions") === sessions) return share(c, next, outer);
    const handBack = setAside(c);
    return own(c, next, true).finally(handBack);
  };

  async function own(c: Context<SessionEnv<Data>>, next: Next, within = false): Promise<Response | undefined> {
    const peer = address?.(c);
    const current = sessions.prepare(c.req.raw, peer === undefined ? openOptions : { ...openOptions, address: peer });
    if (within) innermost.set(c, current);
    c.set("session", current);
    c.set("sessions", sessions);
    c.set("csrfToken", tokens ? () => issueFor(tokens, current) : tokensAreOff);
    try {
      // Before the read: double submit needs none, and the synchronizer mode reads by itself.
      const refused = check && (await check(c, current));
      if (refused) return refused;
      if (!lazy) await current.load();
    } catch (error) {
      return fail(c, error);
    }
    try {
      await next();
    } catch (error) {
      // What is no Error gets no answer from Hono, so there is nobody to give anything to; a sign-out stands all the same.
      current.discard();
      await current.commit();
      throw error;
    }
    try {
      if (c.error) current.discard();
      const cacheable = isCacheable(c.res.headers);
      const committed = await current.commit({ cacheable, noCredential: true, defer: (work) => outlive(c, work) });
      // The state of a lazy session that nobody looked at is unknown, and asking for it throws.
      const { cookies, headers } = committed;
      const mine = (innermost.get(c) ?? current) === current;
      const change = (target: Headers): void => {
        applyCommit(target, mine ? committed : { cookies, headers: headers.filter(([name]) => name !== DEADLINES_HEADER) }, cacheable);
        // A new session needs a new token; such an answer is never kept by a cache.
        if (tokens && mine && cookies.length > 0 && committed.state.kind !== "none") target.set(CSRF_HEADER, tokens.issue(committed.state.id));
        vary(target, "Cookie", "Authorization");
      };
      changeHeaders(c, change, cookies.length > 0);
    } catch (error) {
      return fail(c, error);
    }
    return undefined;
  }

  /** An instance of the same sessions further out has opened it already, and will commit it. */
  async function share(c: Context<SessionEnv<Data>>, next: Next, current: RequestSession<Data>): Promise<Response | undefined> {
    if (activity === false) current.background();
    try {
      const refused = options.csrf && check && (await check(c, current));
      if (refused) return refused;
      if (!lazy) await current.load();
    } catch (error) {
      return fail(c, error);
    }
    await next();
    return undefined;
  }
}

/** Hides the session of other sessions from what comes now; returns what brings it back. */
function setAside<Data>(c: Context<SessionEnv<Data>>): () => void {
  const { session, sessions, csrfToken, active } = c.var;
  c.set("active", undefined as never);
  return () => {
    c.set("session", session);
    c.set("sessions", sessions);
    c.set("csrfToken", csrfToken);
    c.set("active", active);
  };
}

const tokensAreOff = (): never => {
  throw new HoldfastError("unsupported", "CSRF tokens are off; createSessions({ csrf }) switches them on.");
};

const issueFor = <Data>(tokens: CsrfTokens, { state }: RequestSession<Data>): string => (state.kind === "none" ? "" : tokens.issue(state.id));

/** Asked only when there is work: looking for an execution context where there is none, on Node, throws, and that is dear. */
function outlive(c: Context, work: Promise<unknown>): boolean {
  try {
    c.executionCtx.waitUntil(work);
    return true;
  } catch {
    return false;
  }
}

/**
 * The write failed, so what the handler answered is not true, nor what it said to caches. Who may read the answer is: without it a page of another
 * origin sees no status.
 */
function fail(c: Context, error: unknown): undefined {
  const kept = new Headers({ "cache-control": "no-store" });
  for (const [name, value] of c.res.headers) if (/^(?:access-control-.*|vary)$/.test(name)) kept.append(name, value);
  vary(kept, "Cookie", "Authorization");
  c.res = undefined;
  // Hono lays the answer to come over these, its own as well as that of `onError`.
  c.res = new Response(null, { headers: kept });
  if (!(error instanceof HoldfastError)) throw error;
  // Seen by the session of another realm further out, and by loggers.
  c.error = error;
  c.res = problemOf(error);
}

function matcher(patterns: readonly string[]): (path: string) => boolean {
  const exact = new Set(patterns.filter((pattern) => !pattern.endsWith("/*")));
  const prefixes = patterns.filter((pattern) => pattern.endsWith("/*")).map((pattern) => pattern.slice(0, -1));
  return (path) => exact.has(path) || prefixes.some((prefix) => path.startsWith(prefix));
}
