import type { ActiveState, RequestSession, Sessions, SessionSummary } from "@holdfast/session-core";
import type { AccessTokens } from "@holdfast/session-core/tokens";
import { CSRF_HEADER, type Millis } from "@holdfast/session-protocol";
import { type Context, Hono, type MiddlewareHandler } from "hono";
import { configError } from "./config-error.ts";
import { csrf, type CsrfOptions, decided } from "./csrf.ts";
import type { CsrfTokenOptions } from "./csrf-token.ts";
import { freshRequired, isRecent, refused, requireSession } from "./guards.ts";
import { problem, type ProblemOptions } from "./problem.ts";
import { readJson } from "./read-body.ts";
import { session, type SessionEnv } from "./session.ts";

export interface RouteOptions<Data = unknown> {
  /** `Clear-Site-Data` of a sign-out, for example `["storage"]`. Default: none; the cookies are deleted anyway. */
  readonly clearSiteData?: readonly string[];
  /**
   * The routes check where a write comes from, like `csrf()`, unless one in front has done so. Options here check in any case, with them; `false`
   * never checks, for routes that something else protects.
   */
  readonly crossSite?: CsrfOptions | false;
  /** How CSRF tokens are checked, as in `session()`. */
  readonly csrf?: CsrfTokenOptions;
  /**
   * How recent the authentication must be to end other sessions, in ms: one of the device list, or the `others` and `all` of a sign-out (ASVS 5.0
   * section 7.5.2; whoever stole a session must not end its owner's). Default `policy.freshFor`; `false` asks for none.
   */
  readonly freshForDevices?: Millis | false;
  /**
   * `createAccessTokens()` of `@holdfast/session-core/tokens`: a refresh then also answers `{ accessToken, tokenType, expiresIn }` to somebody who is signed in, and asks
   * the engine itself, not a copy.
   */
  readonly tokens?: Pick<AccessTokens<Data>, "issue">;
  /** Default `Date.now`. */
  readonly now?: () => Millis;
}

/**
 * The session routes of the protocol, to be mounted at `/session`: the view, touch, refresh, logout and the device list.
 * Asking for the view, refreshing and signing out never count as activity; touching does. With CSRF tokens on, the view, touch and refresh
 * carry one in `X-CSRF-Token`.
 *
 * A sign-out always ends the session it came with. Where `all` may not end the others, 403 `fresh_required` says that they are still there.
 *
 * @throws HoldfastError `config` for a `freshForDevices` that is no duration
 */
export function sessionRoutes<Data>(sessions: Sessions<Data>, options: RouteOptions<Data> = {}): Hono<SessionEnv<Data>> {
  const { now = Date.now, tokens, freshForDevices: fresh = sessions.policy.freshFor } = options;
  if (fresh !== false && !(typeof fresh === "number" && fresh > 0)) throw configError("freshForDevices", "must be milliseconds above 0, or false.");
  const clearSiteData = options.clearSiteData?.map((type) => `"${type}"`).join(", ");
  const app = new Hono<SessionEnv<Data>>();
  const stale = ({ session: current }: SessionEnv<Data>["Variables"], state: ActiveState<Data>, problemOptions?: ProblemOptions): Response | undefined =>
    fresh === false || isRecent(current, state, fresh, now()) ? undefined : freshRequired(fresh, problemOptions);
  // First: what another site caused costs no read.
  if (options.crossSite !== false) app.use(options.crossSite ? csrf(options.crossSite) : unlessDecided(csrf()));
  app.use(session(sessions, options.csrf === undefined ? {} : { csrf: options.csrf }));

  app.get("/", (c) => {
    c.var.session.background();
    return answerView(c, sessions, c.var.session);
  });

  app.post("/touch", async (c) => {
    const current = c.var.session;
    const state = await current.load();
    if (state.kind === "none") return refused(state);
    current.touch();
    return answerView(c, sessions, current);
  });

  app.post("/refresh", async (c) => {
    const current = c.var.session;
    current.background();
    const state = await current.load(tokens && { authoritative: true });
    if (state.kind === "none") return refused(state);
    current.renew();
    return answerView(c, sessions, current, tokens);
  });

  app.post("/logout", async (c) => {
    c.var.session.background();
    const body = await readJson(c);
    if (body instanceof Response) return body;
    const { scope = "this" } = body;
    if (scope !== "this" && scope !== "others" && scope !== "all") return problem("bad_request", { detail: 'scope must be "this", "others" or "all".' });
    const state = await c.var.session.load();
    if (state.kind === "none" && state.refused) return refused(state);
    const headers = clearSiteData && scope !== "others" ? { "clear-site-data": clearSiteData } : {};
    let kept: Response | undefined;
    if (scope !== "this" && state.kind === "active") {
      const why = { headers, ...(scope === "all" ? { detail: "Only this session is over, the others are not." } : {}) };
      kept = sessions.endsAll ? stale(c.var, state, why) : problem("unsupported", why);
      if (!kept) await sessions.revokeAll(state.subject, { except: state.id });
    }
    // Whoever wants to leave is let out, whatever becomes of the others.
    if (scope !== "others") c.var.session.end();
    return kept ?? c.body(null, 204, { "cache-control": "no-store", ...headers });
  });

  app.get("/devices", requireSession<Data>(), async (c) => {
    const { subject, id } = c.var.active;
    if (!sessions.listable) return problem("unsupported");
    const rows = await sessions.list(subject, { current: id });
    return c.json({ devices: rows.map((row) => device(row, now())) }, 200, { "cache-control": "no-store" });
  });

  app.delete("/devices/:id", requireSession<Data>(), async (c) => {
    const { subject, id } = c.var.active;
    const target = c.req.param("id");
    // The same answer for an id that is somebody else's and for one that is nobody's.
    if (!sessions.owns(subject, target)) return problem("not_found");
    if (target === id) {
      c.var.session.end();
    } else {
      const refusal = stale(c.var, c.var.active);
      if (refusal) return refusal;
      await sessions.revoke(target);
    }
    return c.body(null, 204, { "cache-control": "no-store" });
  });

  return app;
}

const unlessDecided =
  (check: MiddlewareHandler): MiddlewareHandler =>
  (c, next) =>
    decided.has(c) ? next() : check(c, next);

async function answerView<Data>(c: Context, sessions: Sessions<Data>, current: RequestSession<Data>, tokens?: RouteOptions<Data>["tokens"]): Promise<Response> {
  await current.load();
  const { state, credential } = await current.commit();
  if (state.kind === "none" && state.refused) return refused(state);
  const issued = await tokens?.issue(state);
  const access = issued?.outcome === "issued" ? { accessToken: issued.accessToken.reveal(), tokenType: issued.tokenType, expiresIn: issued.expiresIn } : {};
  const token = sessions.csrf && state.kind !== "none" ? { [CSRF_HEADER]: sessions.csrf.issue(state.id) } : {};
  return c.json({ ...sessions.view(state), ...access, ...(credential === undefined ? {} : { credential: credential.reveal() }) }, 200, { "cache-control": "no-store", ...token });
}

const ago = (then: Millis, now: Millis): number => Math.max(0, Math.floor((now - then) / 1000));

const device = <Data>(row: SessionSummary<Data>, now: Millis) => ({
  id: row.id,
  current: row.current,
  label: row.device ?? null,
  createdAgo: ago(row.createdAt, now),
  seenAgo: ago(row.seenAt, now),
});
