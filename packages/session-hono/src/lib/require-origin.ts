import type { MiddlewareHandler } from "hono";
import { refuse } from "./csrf.ts";
import { originOf, originSet } from "./origins.ts";
import { changeHeaders, vary } from "./response-headers.ts";

/**
 * Lets a request through only from these origins, whatever its method: for WebSocket upgrades, which are GET, carry cookies and ask no CORS
 * (ASVS 5.0 section 4.4.2). Put it before `requireSession()`. A request without Origin comes from no page; it passes if it has no cookie either.
 *
 * @param origins exactly as browsers send them. Default: the origin of the request's own URL.
 * @throws HoldfastError `config` for an origin that is not one
 */
export function requireOrigin(origins?: readonly string[]): MiddlewareHandler {
  const allowed = origins && originSet(origins);
  return async function requireOrigin(c, next) {
    const origin = c.req.header("origin");
    const good = origin === undefined ? c.req.header("cookie") === undefined : allowed ? allowed.has(origin) : origin === originOf(c.req.url);
    if (!good) return refuse(c, `Origin is ${origin === undefined ? "missing" : "not allowed"}`, ["Origin"]);
    await next();
    changeHeaders(c, (headers) => vary(headers, "Origin"));
    return undefined;
  };
}
