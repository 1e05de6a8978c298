import { HoldfastError, type Sessions } from "@holdfast/session-core";
import type { DeviceBinding, Grant, RefreshResult, RegistrationResult } from "@holdfast/session-core/bound";
import { type Context, Hono } from "hono";
import { routePath } from "hono/route";
import { configError } from "./config-error.ts";
import { problem } from "./problem.ts";

/** For one browser, of this origin, in no frame, and kept by nobody. */
const ALONE = { "cache-control": "no-store", "cross-origin-resource-policy": "same-origin", "x-frame-options": "DENY" };

/**
 * The two routes that browsers call by themselves to bind a session and to get the next ticket, at the paths that `binding` has: `app.route("/", bindingRoutes(sessions, binding))`.
 * They check by themselves who asks, are no activity, set no credential, and answer as Device Bound Session Credentials and Chromium need it: never 401, 429 or a redirect at
 * the refresh, 403 with a challenge to what is no proof, 503 while nobody can say.
 *
 * Mount them first: in front of `csrf()` (early browsers send no Origin here), `cors()`, limits of rate and `session()`. The binding's `path` is the whole one, that of `app.basePath()` in it.
 *
 * @throws HoldfastError `config` at the first request inside of `session()`, and below a path that is not the beginning of the binding's
 */
export function bindingRoutes<Data>(sessions: Sessions<Data>, binding: DeviceBinding<Data>): Hono {
  const { register, refresh } = binding.paths;
  const app = new Hono();
  let placed = false;
  app.use(async (c, next) => {
    const { method, path } = c.req;
    const below = placed ? "/" : routePath(c).slice(0, -1);
    placed = register.startsWith(below);
    // Each request says so, since no browser would ever come here.
    if (!placed && !/[:*{]/.test(below)) throw configError("path", `${register} is not below ${below}, where bindingRoutes are; give the binding the whole path, or mount them at "/".`);
    if (method !== "POST" || (path !== register && path !== refresh)) return next();
    // It would be committed, and its credential renewed, for whoever sends a bad proof.
    if (c.get("session" as never) !== undefined) throw configError("bindingRoutes", "must be mounted in front of session() and boundSession().");
    // Of a `cors()` in front, which is for pages: these answers are for the browser itself.
    for (const name of Array.from(c.res.headers.keys())) if (name.startsWith("access-control-")) c.res.headers.delete(name);
    const current = sessions.prepare(c.req.raw, { activity: false });
    try {
      return path === register ? answerRegister(c, await binding.register(current, c.req.raw)) : answerRefresh(c, await binding.refresh(current, c.req.raw));
    } catch (error) {
      // Whatever is wrong on our side is a 503 to a browser: it keeps its session, and asks again.
      if (error instanceof HoldfastError && error.code !== "config") return unavailable();
      throw error;
    }
  });
  return app;
}

const answerRegister = (c: Context, result: RegistrationResult): Response =>
  result.outcome === "bound" ? granted(c, result) : problem("bad_request", { headers: ALONE, detail: `The session was not bound: ${result.why}.` });

function answerRefresh(c: Context, result: RefreshResult): Response {
  switch (result.outcome) {
    case "refreshed":
      return granted(c, result);
    case "challenge":
      return c.body(null, 403, { ...ALONE, "secure-session-challenge": result.challenge });
    case "over":
      return problem("not_found", { headers: ALONE });
    case "not_a_browser":
      return problem("bad_request", { headers: ALONE });
    case "unavailable":
      return unavailable();
  }
}

const unavailable = (): Response => problem("unavailable", { headers: ALONE });

const granted = (c: Context, { instructions, cookie, challenge }: Grant): Response =>
  c.body(instructions, 200, { ...ALONE, "content-type": "application/json", "set-cookie": cookie, "secure-session-challenge": challenge });
