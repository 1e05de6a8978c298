export { createSessionClient } from "./lib/client.ts";
export type { ClientEvent, ClientEventType } from "./lib/client-event.ts";
export type { Alive, ClientState, ClientStatus } from "./lib/client-state.ts";
export type { Environment, Hint, Page, Surroundings } from "./lib/environment.ts";
export type { ClientOptions, WatchOptions } from "./lib/options.ts";
export type { Readable } from "./lib/readable.ts";
export type { Leaving, LogoutOutcome, LogoutScope, SessionClient, WaitOptions } from "./lib/session-client.ts";
export type { FetchOptions } from "./lib/session-fetch.ts";
