import type { ClientState, ClientStatus } from "./client-state.ts";
import { SECOND } from "./options.ts";
import type { LogoutOutcome, SessionClient } from "./session-client.ts";

/** What the bindings need of a session client. */
export type Followed<Data = unknown> = Pick<SessionClient<Data>, "get" | "initial" | "listen">;
export type Leavable = Followed & Pick<SessionClient, "extend" | "logout">;

/** What a warning shows. */
export interface Shown {
  readonly status: ClientStatus;
  /** Whole seconds left, rounded up; during a warning only. */
  readonly remaining: number | undefined;
  /** The limit that ends it, during a warning: `absolute` cannot be extended. */
  readonly by: "idle" | "absolute" | undefined;
}

/** What the buttons of a warning do. They take nothing, so they are event handlers as they are. */
export interface IdleActions {
  /** Stay signed in. `false` when the session could not be extended. */
  extend(): Promise<boolean>;
  /** Sign out, here and in all tabs. */
  logout(): Promise<LogoutOutcome>;
}

export const shownOf = (state: ClientState): Shown =>
  state.status === "warning" ? { status: state.status, remaining: Math.ceil(state.endsIn / SECOND), by: state.by } : { status: state.status, remaining: undefined, by: undefined };
