import type { RequestSession, Sessions, SessionState } from "@holdfast/session-core";
import type { Access, AccessFault, DeviceBinding } from "@holdfast/session-core/bound";
import type { Context, MiddlewareHandler } from "hono";
import { isSafe } from "./csrf.ts";
import { withoutTicket } from "./without-ticket.ts";
import { problem } from "./problem.ts";
import { changeHeaders } from "./response-headers.ts";
import { session, type SessionEnv, type SessionOptions } from "./session.ts";

export interface BoundSessionOptions extends SessionOptions {
  /** Answers a request in a bound session that comes without a good ticket, with the way to the sign-in for example. Default: 401 `proof_required`. */
  readonly refused?: (c: Context, why: AccessFault) => Response | Promise<Response>;
  /** `Clear-Site-Data` of a sign-out from a bound session, which ends the browser's part of the binding. Default `["cookies", "storage"]`, the two that do in each version; `[]` for none. */
  readonly clearSiteData?: readonly string[];
}

/**
 * `session()` for sessions that are bound to a device, in its place: invites the browser to bind at each sign-in, and refuses a bound session without its ticket. What is
 * refused is no activity and gets no renewed credential. Paths in `exclude` of the binding are let through,
 * without a renewal and without being activity where the ticket is missing; a sign-out then ends this session only.
 *
 * Mount it once, in front of everything that uses a session, `sessionRoutes()` too.
 */
export function boundSession<Data>(sessions: Sessions<Data>, binding: DeviceBinding<Data>, options: BoundSessionOptions = {}): MiddlewareHandler<SessionEnv<Data>> {
  const { refused, clearSiteData = ["cookies", "storage"], ...sessionOptions } = options;
  const open = session(sessions, sessionOptions);
  if (binding.bind === "off") return open;

  return async function boundSession(c, next) {
    let current: RequestSession<Data> | undefined;
    let before: SessionState<Data> | undefined;
    const response = await open(c, async () => {
      // Not on a path that `except` names.
      if (c.get("sessions") === sessions) current = c.get("session");
      if (!current) return next();
      if (binding.excludes(c.req.path)) {
        // What only reads need not be read for: a lazy session that nobody looks at is neither touched nor renewed.
        before = isSafe(c.req.method) ? stateOf(current) : await current.load();
        if (lacksTicket(c, before)) withoutTicket.add(before);
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
      c.res = await refusal(c, access);
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

  async function refusal(c: Context, access: Extract<Access, { outcome: "refused" | "indeterminate" }>): Promise<Response> {
    if (access.outcome === "indeterminate") return problem("unavailable");
    const { why } = access;
    return refused ? refused(c, why) : problem("proof_required", { members: { processed: false } });
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
