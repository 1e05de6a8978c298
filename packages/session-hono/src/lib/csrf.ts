import { HoldfastError } from "@holdfast/session-core";
import type { Context, MiddlewareHandler } from "hono";
import { problem } from "./problem.ts";
import { changeHeaders, vary } from "./response-headers.ts";

export interface CsrfOptions {
  /** Origins that may write, exactly as browsers send them: `https://app.example`. Default: the origin of the request's own URL. */
  readonly origins?: readonly string[];
  /** Also believe other origins of the same site. Default false. */
  readonly trustSameSite?: boolean;
  /** What a write with cookies but without Sec-Fetch-Site, Origin and Referer gets. Default `block`. */
  readonly headerless?: "block" | "allow";
  /** Paths that are not checked: webhooks with signatures of their own. Exact matches. */
  readonly exempt?: readonly string[];
  /** Report what would be blocked and let it through: for a roll-out. */
  readonly reportOnly?: (refused: { readonly path: string; readonly why: string }) => void;
}

const SAFE = new Set(["GET", "HEAD", "OPTIONS"]);
const SITES = new Set(["same-origin", "same-site", "cross-site", "none"]);

/**
 * Refuses writes that another site caused, by Fetch Metadata and, where a browser sends none, by Origin (OWASP CSRF cheat sheet).
 * No tokens and no state. A write with neither header is refused if it carries cookies; one with only an Authorization header is let through.
 *
 * @throws HoldfastError `config` for an origin that is not one
 */
export function csrf(options: CsrfOptions = {}): MiddlewareHandler {
  const { trustSameSite = false, headerless = "block", reportOnly } = options;
  const origins = options.origins && new Set(options.origins.map(checkOrigin));
  const exempt = new Set(options.exempt ?? []);

  const refusal = (c: Context): string | undefined => {
    const header = (name: string): string | undefined => c.req.header(name);
    // No page can make a browser send this without the server's consent (CORS), and without a cookie nothing is lent to it.
    if (header("authorization") !== undefined && header("cookie") === undefined) return undefined;
    const allowed = (origin: string): boolean => (origins ? origins.has(origin) : origin === new URL(c.req.url).origin);
    const origin = header("origin");
    const site = header("sec-fetch-site");
    if (site !== undefined && SITES.has(site)) {
      if (site === "same-origin" || site === "none" || (site === "same-site" && trustSameSite)) return undefined;
      return origin !== undefined && origins?.has(origin) ? undefined : `Sec-Fetch-Site is ${site}`;
    }
    if (origin !== undefined) return allowed(origin) ? undefined : "Origin is not allowed";
    const referrer = originOf(header("referer"));
    if (referrer !== undefined) return allowed(referrer) ? undefined : "Referer is not allowed";
    const harmless = header("cookie") === undefined || headerless === "allow";
    return harmless ? undefined : "a write with cookies needs Sec-Fetch-Site or Origin";
  };

  return async function csrf(c, next) {
    if (SAFE.has(c.req.method)) return next();
    const why = exempt.has(c.req.path) ? undefined : refusal(c);
    if (why !== undefined) {
      reportOnly?.({ path: c.req.path, why });
      if (!reportOnly) return problem("csrf", { detail: `Refused: ${why}.`, headers: { vary: "Sec-Fetch-Site, Origin" } });
    }
    await next();
    changeHeaders(c, (headers) => vary(headers, "Sec-Fetch-Site", "Origin"));
  };
}

function originOf(url: string | undefined): string | undefined {
  if (url === undefined) return undefined;
  try {
    return new URL(url).origin;
  } catch {
    return "null";
  }
}

function checkOrigin(origin: string): string {
  const parsed = originOf(origin);
  if (parsed !== origin || parsed === "null") throw new HoldfastError("config", `origins: "${origin}" is not an origin; write it like "https://app.example", without path or trailing slash.`, { option: "origins" });
  const { protocol, hostname } = new URL(origin);
  const local = hostname === "localhost" || hostname === "127.0.0.1" || hostname === "[::1]";
  if (protocol !== "https:" && !(protocol === "http:" && local)) {
    throw new HoldfastError("config", `origins: "${origin}" is not https; session cookies do not work there. Only localhost may use http.`, { option: "origins" });
  }
  return origin;
}
