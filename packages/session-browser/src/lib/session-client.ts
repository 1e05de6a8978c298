import type { FetchOptions } from "./session-fetch.ts";
import type { ClientState } from "./state.ts";

export type LogoutScope = "this" | "others" | "all";

/** A headless store in the manner of nanostores: it works from the first listener to the last. */
export interface SessionClient {
  /** The state at this moment. */
  get(): ClientState;
  /** Calls at every change, and each second during a warning. Returns what ends it. */
  listen(listener: (state: ClientState) => void): () => void;
  /** The same, and once at the start. */
  subscribe(listener: (state: ClientState) => void): () => void;
  /** Asks the server how things stand; parallel calls share one request. */
  refresh(): Promise<ClientState>;
  /** Stay signed in: the one action of the warning. `false` when the session could not be extended. */
  extend(): Promise<boolean>;
  /** `fetch` that reads deadlines from answers, marks requests without a user, and understands a 401 by its problem type. */
  fetch(input: RequestInfo | URL, init?: FetchOptions): Promise<Response>;
  /** Signs out here and in all tabs at once, also offline; the server is told now or as soon as it can be. `false` when it was not, or keeps the others without a recent authentication. */
  logout(options?: { readonly scope?: LogoutScope }): Promise<boolean>;
  /** Ends all listening. Idempotent. */
  dispose(): void;
}
