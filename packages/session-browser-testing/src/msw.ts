export { type HandlerOptions, type Http, sessionHandlers } from "./lib/handlers.ts";
