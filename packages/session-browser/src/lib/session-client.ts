import type { Millis, SessionView } from "@holdfast/session-protocol";
import type { ClientEvent, ClientEventType } from "./client-event.ts";
import type { ClientState } from "./client-state.ts";
import type { Readable } from "./readable.ts";
import type { FetchOptions } from "./session-fetch.ts";

export type LogoutScope = "this" | "others" | "all";

/**
 * - `done`: the server has ended what it was asked to end.
 * - `pending`: the server could not be reached. This browser is signed out; the server is told as soon as it can be, also by the next page.
 * - `fresh_required`: the other sessions were kept, since that asks for a recent authentication. With `all` this session is over.
 * - `unsupported`: the other sessions were kept, since the server's store cannot find them. With `all` this session is over.
 * - `refused`: the server did not do it and will not do it later (a cross-site check, for example).
 */
export type LogoutOutcome = "done" | "pending" | "fresh_required" | "unsupported" | "refused";

export interface WaitOptions {
  /** Ends this caller's waiting, which then rejects with the signal's reason. The question to the server goes on for the others. */
  readonly signal?: AbortSignal;
}

/** What a `beforeLogout` participant gets to know. */
export interface Leaving {
  readonly reason: "logout" | "idle" | "absolute";
  /** Aborted when the time for saving is over. */
  readonly signal: AbortSignal;
}

export interface SessionClient<Data = unknown> extends Readable<ClientState<Data>> {
  /** Time left by each limit at this moment, in ms; `undefined` without a session that has limits. */
  remaining(): { readonly idle: Millis; readonly absolute: Millis } | undefined;
  /** The state as the server rendered it: of the view that was hydrated, when it was; `none` without one. Server and browser agree on it, so both render it first. */
  initial(): ClientState<Data>;
  /** Takes the view that the server rendered into the page, so that the first state needs no request. Of an ended session it is ignored; and the server is asked instead in a page that the back button brought, which may come from a cache, or that is open for more than a minute: of what age the view is nobody knows. */
  hydrate(view: SessionView<Data>): void;
  /** Asks the server how things stand; parallel calls share one request. Call it after a sign-in without page load that did not go through `fetch`. */
  refresh(options?: WaitOptions): Promise<ClientState<Data>>;
  /** Stay signed in: the one action of the warning. `false` when the session could not be extended. */
  extend(options?: WaitOptions): Promise<boolean>;
  /** `fetch` that reads deadlines from answers, marks requests without a user, and understands a 401 by its problem type. */
  fetch(input: RequestInfo | URL, init?: FetchOptions): Promise<Response>;
  /** Signs out here and in all tabs at once, also offline, after `beforeLogout` participants had their time. */
  logout(options?: { readonly scope?: LogoutScope }): Promise<LogoutOutcome>;
  /**
   * Something goes on that counts as activity though nobody moves: playback, an upload, a call. Ends when the returned function is called, after `max` ms, or
   * with its session, whichever is first; the absolute limit is not moved by it. `reason` shows in the `held` event.
   *
   * @throws RangeError for a `max` that is no positive number
   */
  hold(reason: string, options: { readonly max: Millis }): () => void;
  /**
   * Asks to be called before the session ends, to save a draft: before a sign-out in any tab, which waits for it, and some seconds before a limit passes. All
   * participants together have `leaveWithin` ms. Returns what takes it back.
   */
  beforeLogout(participant: (leaving: Leaving) => unknown): () => void;
  /** Tells of single events; the state is `listen`'s. Returns what ends it. */
  on<Type extends ClientEventType>(type: Type, listener: (event: Extract<ClientEvent<Data>, { type: Type }>) => void): () => void;
  /** Ends all listening. Idempotent, and reversible: the next listener starts it again. Participants and holds stay, until they are taken back. */
  dispose(): void;
}
