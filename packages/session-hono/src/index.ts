export { csrf, type CsrfOptions } from "./lib/csrf.ts";
export { type FreshOptions, requireFresh, requireSession } from "./lib/guards.ts";
export { holdfastErrorHandler, problem, problemOf, type ProblemOptions } from "./lib/problem.ts";
export { type RouteOptions, sessionRoutes } from "./lib/routes.ts";
export { session, type SessionEnv, type SessionOptions } from "./lib/session.ts";
