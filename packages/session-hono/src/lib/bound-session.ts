import type { RequestSession, Sessions, SessionState } from "@holdfast/session-core";
import type { Access, AccessFault, DeviceBinding } from "@holdfast/session-core/bound";
import type { Context, MiddlewareHandler } from "hono";
import { configError } from "./config-error.ts";
import { isSafe } from "./csrf.ts";
import { withoutTicket } from "./without-ticket.ts";
import { problem } from "./problem.ts";
import { changeHeaders } from "./response-headers.ts";
import { session, type SessionEnv, type SessionOptions } from "./session.ts";

export interface BoundSessionOptions extends SessionOptions {
  /**
   * Answers a request in a bound session that comes without a good ticket. With `signIn` the browser has no key of the session: show the way to the sign-in; without it, the next attempt may do.
   * Default: 401 `proof_required`. Not asked for a link on a page of another origin, which is followed once more, and for the session's view.
   */
  readonly refused?: (c: Context, why: AccessFault, signIn: boolean) => Response | Promise<Response>;
  /** `Clear-Site-Data` of a sign-out from a bound session, which ends the browser's part of the binding. Default `["cookies", "storage"]`, the two that do in each version; `[]` for none. */
  readonly clearSiteData?: readonly string[];
}

type Refused = Extract<Access, { outcome: "refused" }>;

const DETAIL: Readonly<Record<AccessFault, string>> = {
  no_ticket: "The browser has no key of this session: sign in again.",
  expired: "The proof is no longer good: try again.",
  forged: "The proof is no longer good: try again.",
  skipped: "The browser could not renew its proof: try again.",
  unbound: "The session was not bound to a device in time: sign in again, with a browser that can.",
};
/** Browsers fetch no ticket for the link of another origin's page, though they send the session's cookie with it. This page is of ours, and asks for itself: for that they do. */
function onceMore(url: string): Response {
  const { pathname, search } = new URL(url);
  // Relative: a path that begins with two slashes leads nowhere else. Named: a page with a fragment would only scroll. A URL has no quotes and no angles.
  const self = `./${pathname.slice(pathname.lastIndexOf("/") + 1)}${search}`.replaceAll("&", "&amp;");
  const page = `<!doctype html><meta http-equiv="refresh" content="0;url=${self}"><title>One moment</title><a href="${self}">Continue</a>`;
  return new Response(page, problem("proof_required", { headers: { "content-type": "text/html; charset=utf-8" } }));
}

/**
 * `session()` for sessions that are bound to a device, in its place: invites the browser to bind at each sign-in, and refuses a bound session without its ticket. What is
 * refused is no activity and gets no renewed credential. Paths in `exclude` of the binding are let through,
 * without a renewal and without being activity where the ticket is missing; a sign-out then ends this session only.
 *
 * Mount it once, in front of everything that uses a session, `sessionRoutes()` too.
 *
 * @throws HoldfastError `config` at a request for the routes of the binding, which `bindingRoutes()` should have answered
 */
export function boundSession<Data>(sessions: Sessions<Data>, binding: DeviceBinding<Data>, options: BoundSessionOptions = {}): MiddlewareHandler<SessionEnv<Data>> {
  const { refused, clearSiteData = ["cookies", "storage"], ...sessionOptions } = options;
  const open = session(sessions, sessionOptions);
  if (binding.bind === "off") return open;

  return async function boundSession(c, next) {
    const { register, refresh } = binding.paths;
    if (c.req.method === "POST" && (c.req.path === register || c.req.path === refresh)) throw configError("bindingRoutes", `must be mounted in front, so that they answer at ${register} and ${refresh}.`);
    let current: RequestSession<Data> | undefined;
    let before: SessionState<Data> | undefined;
    const response = await open(c, async () => {
      // Not on a path that `except` names.
      if (c.get("sessions") === sessions) current = c.get("session");
      if (!current) return next();
      if (binding.excludes(c.req.path)) {
        // What only reads need not be read for: a lazy session that nobody looks at is neither touched nor renewed.
        const here = current;
        withoutTicket.set(here, () => lacksTicket(c, stateOf(here)));
        before = isSafe(c.req.method) ? stateOf(current) : await current.load();
        await next();
        // As the handler leaves it: a sign-in or sign-out goes its way.
        if (!lacksTicket(c, stateOf(current))) return;
        if (c.error) current.discard();
        return commitUnrenewed(current);
      }
      before = await current.load();
      const access = binding.check(before, c.req.raw.headers);
      if (access.outcome !== "refused" && access.outcome !== "indeterminate") return next();
      current.discard();
      await commitUnrenewed(current);
      c.res = access.outcome === "indeterminate" ? problem("unavailable") : await refusal(c, access);
      // A ticket that is no longer good and stays, by a clock that is behind: for the next request the browser fetches another.
      if (before.kind === "active" && access.outcome === "refused" && /^(?:expired|forged)$/.test(access.why)) {
        const { handle } = before;
        changeHeaders(c, (headers) => headers.append("set-cookie", binding.clear(handle)), true);
      }
    });
    if (response) return response;
    // The commit is done: what is said now is true.
    const state = current && stateOf(current);
    if (!current || !state) return undefined;
    if (state.kind === "active" && !current.presentedIds.includes(state.id) && current.transport !== "bearer") {
      const invitation = binding.invitation(state, c.req.url);
      if (invitation !== undefined) changeHeaders(c, (headers) => headers.append("secure-session-registration", invitation), true);
    }
    // Only what was bound: the header takes the cookies and the storage of the whole site.
    if (state.kind === "none" && state.ended === "logout" && before?.kind === "active" && before.key !== undefined) {
      const { handle } = before;
      changeHeaders(c, (headers) => signOut(headers, binding.clear(handle)), true);
    }
    return undefined;
  };

  function lacksTicket(c: Context, state: SessionState<Data> | undefined): state is SessionState<Data> {
    const { outcome } = state ? binding.check(state, c.req.raw.headers, { tell: false }) : { outcome: "free" };
    return outcome === "refused" || outcome === "indeterminate";
  }

  /** No activity and no renewal: whoever has a cookie and not the key shall not get the next one, nor keep the session from idling out. */
  async function commitUnrenewed(current: RequestSession<Data>): Promise<void> {
    current.background();
    await current.commit({ cacheable: true });
  }

  async function refusal(c: Context, { why, signIn }: Refused): Promise<Response> {
    const { method, path } = c.req;
    const header = (name: string): string => c.req.header(name) ?? "";
    if (method === "GET" && why !== "unbound" && header("sec-fetch-mode") === "navigate" && /^(?:cross|same)-site$/.test(header("sec-fetch-site"))) return onceMore(c.req.url);
    // What the client asks after each refusal: for this browser there is no session. It lives, for whoever has the key.
    if (method === "GET" && signIn && path === binding.paths.view) return c.json(sessions.view({ kind: "none" }), 200, { "cache-control": "no-store" });
    return refused ? refused(c, why, signIn) : problem("proof_required", { detail: DETAIL[why], members: { processed: false, signIn } });
  }

  function signOut(headers: Headers, cookie: string): void {
    headers.append("set-cookie", cookie);
    const there = headers.get("clear-site-data");
    const types = new Set([...(there?.split(",").map((type) => type.trim()) ?? []), ...clearSiteData.map((type) => `"${type}"`)]);
    if (types.size > 0) headers.set("clear-site-data", [...types].join(", "));
  }
}

/** `undefined` for a lazy session that nobody looked at: it neither began nor ended here. */
function stateOf<Data>(current: RequestSession<Data>): SessionState<Data> | undefined {
  try {
    return current.state;
  } catch {
    return undefined;
  }
}
