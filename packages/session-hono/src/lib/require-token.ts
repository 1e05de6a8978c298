import type { AccessTokenClaims, TokenVerifier } from "@holdfast/session-core/tokens";
import type { MiddlewareHandler } from "hono";
import { configError } from "./config-error.ts";
import { problem } from "./problem.ts";

/** What {@link requireToken} puts on the context. */
export interface TokenEnv {
  Variables: {
    /** The claims of the access token. */
    token: AccessTokenClaims;
  };
}

export interface RequireTokenOptions {
  /** Scopes that the token must have, all of them. */
  readonly scope?: readonly string[];
}

const BEARER = /^Bearer +(\S+) *$/i;
/** RFC 6749 section 3.3. */
const SCOPE = /^[\x21\x23-\x5b\x5d-\x7e]+$/;

/**
 * For services that have no sessions: lets a request through only with a good access token in `Authorization`, never from a query or a body
 * (RFC 6750 section 5.3). 401 otherwise, with an error code only where a token came; 403 without the scope; 503 while nobody can say.
 *
 * @throws HoldfastError `config` for what is no scope
 */
export function requireToken(verifier: TokenVerifier, { scope = [] }: RequireTokenOptions = {}): MiddlewareHandler<TokenEnv> {
  if (!scope.every((one) => SCOPE.test(one))) throw configError("scope", "must be a list of scopes, each without spaces and quotes.");
  return async function requireToken(c, next) {
    const authorization = c.req.header("authorization");
    if (!/^Bearer(?: |$)/i.test(authorization ?? "")) return challenge(401, "An access token is required", "Bearer");
    const result = await verifier.verify(BEARER.exec(authorization ?? "")?.[1] ?? "");
    if (result.outcome === "unavailable") return problem("unavailable");
    if (result.outcome === "refused") return challenge(401, "The access token is not valid", 'Bearer error="invalid_token"');
    const granted = result.claims.scope?.split(" ") ?? [];
    if (!scope.every((one) => granted.includes(one))) return challenge(403, "The access token does not allow this", `Bearer error="insufficient_scope", scope="${scope.join(" ")}"`);
    c.set("token", result.claims);
    return next();
  };
}

const challenge = (status: 401 | 403, title: string, authenticate: string): Response =>
  new Response(JSON.stringify({ type: "about:blank", title, status }), {
    status,
    headers: { "content-type": "application/problem+json", "cache-control": "no-store", "www-authenticate": authenticate },
  });
