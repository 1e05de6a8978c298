import { HoldfastError, type Sessions } from "@holdfast/session-core";
import type { DeviceBinding, Grant } from "@holdfast/session-core/bound";
import { type Context, Hono } from "hono";
import { configError } from "./config-error.ts";
import { problem } from "./problem.ts";

/** For one browser, of this origin, in no frame, and kept by nobody. */
const ALONE = { "cache-control": "no-store", "cross-origin-resource-policy": "same-origin", "x-frame-options": "DENY" };

/**
 * The two routes that browsers call by themselves to bind a session and to get the next ticket, at the paths that `binding` has: `app.route("/", bindingRoutes(sessions, binding))`.
 * They check by themselves who asks, are no activity, set no credential, and answer as Device Bound Session Credentials and Chromium need it: never 401, 429 or a redirect at
 * the refresh, 403 with a challenge to what is no proof, 503 while nobody can say.
 *
 * Mount them first: in front of `csrf()` (early browsers send no Origin here), `cors()`, limits of rate and `session()`.
 *
 * @throws HoldfastError `config` at the first request inside of `session()`
 */
export function bindingRoutes<Data>(sessions: Sessions<Data>, binding: DeviceBinding<Data>): Hono {
  const app = new Hono();

  app.post(binding.paths.register, async (c) => {
    const result = await unlessUnavailable(c, () => binding.register(sessions.prepare(c.req.raw, { activity: false }), c.req.raw));
    if (result === "unavailable") return unavailable();
    return result.outcome === "bound" ? granted(c, result) : problem("bad_request", { headers: ALONE, detail: `The session was not bound: ${result.why}.` });
  });

  app.post(binding.paths.refresh, async (c) => {
    const result = await unlessUnavailable(c, () => binding.refresh(sessions.prepare(c.req.raw, { activity: false }), c.req.raw));
    if (result === "unavailable") return unavailable();
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
  });
  return app;
}

const unavailable = (): Response => problem("unavailable", { headers: ALONE });

const granted = (c: Context, { instructions, cookie, challenge }: Grant): Response =>
  c.body(instructions, 200, { ...ALONE, "content-type": "application/json", "set-cookie": cookie, "secure-session-challenge": challenge });

/** Whatever is wrong on our side is a 503 to a browser: it keeps its session, and asks again. */
async function unlessUnavailable<T>(c: Context, work: () => Promise<T>): Promise<T | "unavailable"> {
  // It would be committed, and its credential renewed, for whoever sends a bad proof.
  if (c.get("session") !== undefined) throw configError("bindingRoutes", "must be mounted in front of session() and boundSession().");
  try {
    return await work();
  } catch (error) {
    if (error instanceof HoldfastError && error.code !== "config") return "unavailable";
    throw error;
  }
}
