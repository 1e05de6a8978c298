export { bindingRoutes } from "./lib/binding-routes.ts";
export { boundSession, type BoundSessionOptions } from "./lib/bound-session.ts";
