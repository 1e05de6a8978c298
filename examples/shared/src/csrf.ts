const SAFE = new Set(["GET", "HEAD", "OPTIONS"]);

/**
 * Whether another site, or another origin of this site, caused this write. Pages can neither forge nor suppress these headers
 * (OWASP CSRF cheat sheet, Fetch Metadata). The example of the whole thing, with exact origins and a roll-out mode, is `csrf()` of
 * @holdfast/session-hono.
 */
export function isForeignWrite(method: string, headers: Headers): boolean {
  if (SAFE.has(method)) return false;
  const site = headers.get("sec-fetch-site");
  if (site !== null) return site !== "same-origin" && site !== "none";
  // Browsers from before Fetch Metadata (Safari until 16.4) send Origin with every write.
  const origin = headers.get("origin");
  if (origin !== null) return !URL.canParse(origin) || new URL(origin).host !== headers.get("host");
  // No browser sends a write with neither; without a cookie it has nothing to abuse.
  return headers.has("cookie");
}
