export { createSessionClient } from "./lib/client.ts";
export type { Environment, Page } from "./lib/environment.ts";
export type { ClientOptions } from "./lib/options.ts";
export type { LogoutScope, SessionClient } from "./lib/session-client.ts";
export type { FetchOptions } from "./lib/session-fetch.ts";
export type { ClientState } from "./lib/state.ts";
