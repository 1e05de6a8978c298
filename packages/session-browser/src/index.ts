export { createSessionClient, type FetchOptions, type LogoutScope, type SessionClient } from "./lib/client.ts";
export type { Environment, Page } from "./lib/environment.ts";
export type { ClientOptions } from "./lib/options.ts";
export type { ClientState } from "./lib/state.ts";
