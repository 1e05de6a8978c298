import type { MiddlewareHandler } from "hono";

const CSP = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "frame-src 'self'",
  "form-action 'self'",
  "base-uri 'none'",
  "require-trusted-types-for 'script'",
].join("; ");

const HEADERS: readonly (readonly [string, string])[] = [
  ["X-Content-Type-Options", "nosniff"],
  ["Referrer-Policy", "same-origin"],
  ["Cross-Origin-Opener-Policy", "same-origin"],
  ["Cross-Origin-Resource-Policy", "same-origin"],
  ["Permissions-Policy", "camera=(), geolocation=(), microphone=()"],
];

/** The one document that may stand in a frame, of a page of ours. */
export const CHART = "/size-chart";

/** On every answer, errors too. */
export const securityHeaders = (): MiddlewareHandler => async (c, next) => {
  await next();
  const [ancestors, option] = c.req.path === CHART ? ["'self'", "SAMEORIGIN"] : ["'none'", "DENY"];
  c.res.headers.set("Content-Security-Policy", `${CSP}; frame-ancestors ${ancestors}`);
  c.res.headers.set("X-Frame-Options", option);
  for (const [name, value] of HEADERS) c.res.headers.set(name, value);
};
