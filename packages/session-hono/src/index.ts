export { corsOptions, type CorsOptions } from "./lib/cors.ts";
export { csrf, type CsrfOptions, type CsrfRefusal } from "./lib/csrf.ts";
export type { CsrfTokenOptions } from "./lib/csrf-token.ts";
export { type FreshOptions, requireFresh, requireSession } from "./lib/guards.ts";
export { holdfastErrorHandler, problem, problemOf, type ProblemOptions } from "./lib/problem.ts";
export { protectSignIn, type SignInOptions } from "./lib/protect-sign-in.ts";
export { requireOrigin } from "./lib/require-origin.ts";
export { type RouteOptions, sessionRoutes } from "./lib/routes.ts";
export { session, type SessionEnv, type SessionOptions } from "./lib/session.ts";
