import type { RequestSession } from "@holdfast/session-core";
import type { Context, MiddlewareHandler } from "hono";
import { configError } from "./config-error.ts";
import { originOf, originSet } from "./origins.ts";
import { problem } from "./problem.ts";
import { changeHeaders, vary } from "./response-headers.ts";

export interface CsrfOptions {
  /** Origins that may write, exactly as browsers send them: `https://app.example`. Default: the origin of the request's own URL. */
  readonly origins?: readonly string[];
  /** Also believe other origins of the same site. Default false. */
  readonly trustSameSite?: boolean;
  /** What a write with cookies but without Sec-Fetch-Site, Origin and Referer gets. Default `block`. */
  readonly headerless?: "block" | "allow";
  /**
   * A header of your own, `X-Requested-By` for example, that every request needs, reads too: no form, link or image can send it, and a script of
   * another origin only where CORS lets it. For APIs, not for pages; needs `origins`, and the same list in `corsOptions()`.
   */
  readonly header?: string;
  /** Paths that are not checked: webhooks with signatures of their own. Exact matches. */
  readonly exempt?: readonly string[];
  /** Report what would be blocked and let it through: for a roll-out. */
  readonly reportOnly?: (refused: CsrfRefusal) => void;
}

/** What was refused, or would have been. */
export interface CsrfRefusal {
  readonly path: string;
  readonly why: string;
}

const SAFE = new Set(["GET", "HEAD", "OPTIONS"]);
const SITES = new Set(["same-origin", "same-site", "cross-site", "none"]);

/** Writes that a `csrf()` let through. The session routes, which bring one of their own, leave it at that. */
export const decided = new WeakSet<Context>();

export const isSafe = (method: string): boolean => SAFE.has(method);

/**
 * Refuses writes that another site caused, by Fetch Metadata and, where a browser sends none, by Origin (OWASP CSRF cheat sheet).
 * No tokens and no state. A write with neither header is refused if it carries cookies. An Authorization header changes nothing: browsers add Basic,
 * Digest and Negotiate to the forms of other sites, too; a bearer client outside of a browser sends neither header nor cookies and passes.
 *
 * Mount it outside of `session()`, so that a refusal costs no read; inside, what it refuses counts as no activity and writes nothing.
 *
 * @throws HoldfastError `config` for an origin that is not one, a header that browsers send by themselves, a header without `origins`
 */
export function csrf(options: CsrfOptions = {}): MiddlewareHandler {
  const { trustSameSite = false, headerless = "block", reportOnly } = options;
  const origins = options.origins && originSet(options.origins);
  const exempt = new Set(options.exempt ?? []);
  const required = requiredHeader(options.header, origins);
  const depends = ["Sec-Fetch-Site", "Origin", ...(required === undefined ? [] : [required])];

  const refusal = (c: Context): string | undefined => {
    const header = (name: string): string | undefined => c.req.header(name);
    const allowed = (origin: string): boolean => (origins ? origins.has(origin) : origin === new URL(c.req.url).origin);
    const origin = header("origin");
    const site = header("sec-fetch-site");
    if (site !== undefined && SITES.has(site)) {
      if (site === "same-origin" || site === "none" || (site === "same-site" && trustSameSite)) return undefined;
      return origin !== undefined && origins?.has(origin) ? undefined : `Sec-Fetch-Site is ${site}`;
    }
    if (origin !== undefined) return allowed(origin) ? undefined : "Origin is not allowed";
    const referrer = header("referer");
    if (referrer !== undefined) return allowed(originOf(referrer)) ? undefined : "Referer is not allowed";
    const harmless = header("cookie") === undefined || headerless === "allow";
    return harmless ? undefined : "a write with cookies needs Sec-Fetch-Site or Origin";
  };

  const headerRefusal = (c: Context): string | undefined => {
    if (required === undefined || isPreflight(c)) return undefined;
    if (!c.req.header(required)) return `${required} is missing`;
    const origin = c.req.header("origin");
    return origin === undefined || origins?.has(origin) ? undefined : "Origin is not allowed";
  };

  return async function csrf(c, next) {
    const safe = isSafe(c.req.method);
    if (safe && required === undefined) return next();
    const why = exempt.has(c.req.path) ? undefined : (headerRefusal(c) ?? (safe ? undefined : refusal(c)));
    if (why !== undefined) {
      reportOnly?.({ path: c.req.path, why });
      if (!reportOnly) return refuse(c, why, depends);
    }
    if (!safe) decided.add(c);
    await next();
    changeHeaders(c, (headers) => vary(headers, ...depends));
  };
}

/** The answer to what another site caused. A session that is open already is left as it is: nobody was active, and nothing is written. */
export function refuse(c: Context, why: string, depends: readonly string[] = []): Response {
  const open = c.get("session") as RequestSession<unknown> | undefined;
  open?.discard();
  open?.background();
  return problem("csrf", { detail: `Refused: ${why}.`, ...(depends.length > 0 ? { headers: { vary: depends.join(", ") } } : {}) });
}

/** A browser asks without our header whether it may send it. */
const isPreflight = (c: Context): boolean => c.req.method === "OPTIONS" && c.req.header("access-control-request-method") !== undefined;

/** Sent by browsers of their own accord, or by scripts of any origin without asking (Fetch, CORS-safelisted request-headers). */
const UNASKED = /^(?:sec-.*|proxy-.*|access-control-.*|accept(?:-.*)?|authorization|cache-control|connection|content-.*|cookie|dnt|downlink|host|if-.*|last-event-id|origin|pragma|range|referer|te|upgrade.*|user-agent|via|x-forwarded-.*)$/i;

function requiredHeader(header: string | undefined, origins: ReadonlySet<string> | undefined): string | undefined {
  if (header === undefined) return undefined;
  if (!/^[\w!#$%&'*+.^`|~-]+$/.test(header)) throw configError("header", "must be the name of a header.");
  if (UNASKED.test(header)) throw configError("header", `${header} may come from a browser by itself or from any origin unasked; use a name of your own such as "X-Requested-By".`);
  if (!origins) throw configError("origins", "are needed with header: the origins whose scripts may send it, the same as for CORS.");
  return header;
}
