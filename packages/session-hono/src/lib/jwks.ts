import type { AccessTokens } from "@holdfast/session-core/tokens";
import type { Handler } from "hono";

/**
 * The public keys of the access tokens: `app.get("/.well-known/jwks.json", jwks(tokens))`. Caches in between may keep them for half of `jwksMaxAge`: who
 * verifies keeps them too, and both together must know a key before it signs.
 */
export const jwks =
  ({ jwks, jwksMaxAge }: Pick<AccessTokens<never>, "jwks" | "jwksMaxAge">): Handler =>
  (c) =>
    c.body(JSON.stringify(jwks()), 200, { "content-type": "application/jwk-set+json", "cache-control": `public, max-age=${Math.floor(jwksMaxAge / 2000)}` });
