import type { EndedReason, Millis, SessionView } from "@holdfast/session-protocol";
import type { CsrfTokens } from "./csrf-tokens.ts";
import type { SessionId } from "./port.ts";
import type { Secret } from "./secret.ts";
import type { ActiveState, CookieAttributes, GuestState, RequestSession, SessionState, SessionSummary, StartOptions } from "./session/state.ts";
import type { Policy } from "./session/policy.ts";
import type { SessionEvent } from "./events.ts";

/** Where a credential is read from: a Fetch request, its headers, or (for sockets and tests) a bearer credential. */
export type SessionSource = Request | Headers | string;

export interface OpenOptions {
  /** Whether the user is behind this request. By default read from `Session-Activity`, `Sec-Purpose` and `Purpose`. */
  readonly activity?: boolean;
  /** The address of the socket's other end, for the `ip` signal. Of a trusted proxy, its headers then say who the client is. */
  readonly address?: string;
}

export interface WatchOptions {
  /** How often the store is asked, in ms; with one round trip more, the longest that an ending elsewhere goes unnoticed. Default 5000. */
  readonly every?: Millis;
  /** Stops the watch, for example when the socket closes. The returned signal then never fires. */
  readonly signal?: AbortSignal;
}

/** What {@link createSessions} returns: one per application and realm, shared by all requests. */
export interface Sessions<Data> {
  readonly policy: Policy;
  /** Whether the store can list a subject's sessions. */
  readonly listable: boolean;
  /** Whether the store can end all sessions of a subject: `revokeAll` and `start()` with `revokeOthers`. */
  readonly endsAll: boolean;
  /** Attributes of the session cookies. */
  readonly cookie: CookieAttributes;
  /** CSRF tokens where they are switched on: adapters then ask for one with every write that carries a cookie. */
  readonly csrf: CsrfTokens | undefined;
  /** Reads the session of a request: no store call for a visitor or a forged credential, one read for anything plausible. */
  open(source: SessionSource, options?: OpenOptions): Promise<RequestSession<Data>>;
  /** The same without the read: `await session.load()` when it is needed. */
  prepare(source: SessionSource, options?: OpenOptions): RequestSession<Data>;
  /** Opens, calls `next`, commits, and returns its response with cookies and headers. A throw commits only `end`. */
  handle(request: Request, next: (session: RequestSession<Data>) => Promise<Response> | Response, options?: OpenOptions): Promise<Response>;
  /** What the browser may know of a state: durations in whole seconds, data through the `project` option. */
  view(state: SessionState<Data>): SessionView;
  get(id: SessionId): Promise<ActiveState<Data> | GuestState<Data> | null>;
  /** Replayed on conflict like {@link RequestSession.update}. @throws HoldfastError `no_session`, `conflict`, `rejected` */
  update(id: SessionId, change: (data: Data) => Data): Promise<void>;
  /**
   * `update` for each session of the subject, for example after a change of role. Those that end meanwhile are skipped; a throw of `change`
   * stops it, and what was changed before stays changed. Sessions that begin during the call may be missed.
   * @returns how many sessions were changed.
   * @throws HoldfastError `unsupported` without a store index, `conflict`, `rejected`
   */
  updateAll(subject: string, change: (data: Data) => Data): Promise<number>;
  /** A new session with its bearer credential. @throws HoldfastError `limit_reached`, `sign_in_revoked` */
  issue(subject: string, data?: Partial<Data>, options?: Omit<StartOptions<Data>, "carry">): Promise<{ credential: Secret; state: ActiveState<Data> }>;
  /** @param options.current marks the caller's own row. @throws HoldfastError `unsupported` without a store index */
  list(subject: string, options?: { current?: SessionId }): Promise<SessionSummary<Data>[]>;
  /** Whether the id is in the subject's partition: an owner may end such a session, nobody else's. */
  owns(subject: string, id: string): id is SessionId;
  /**
   * A signal that fires when the session is over, for sockets and streams that outlive their request: at once when it ends in this process,
   * within `every` (and one store call) when it ends or expires elsewhere. A store that fails is not an ending.
   * Its reason is a HoldfastError `no_session` whose `reason` says why: an ended reason, `superseded` by a sign-in of the same browser, or `none`.
   * @throws HoldfastError `config`
   */
  watch(id: SessionId, options?: WatchOptions): AbortSignal;
  /** Idempotent. @throws HoldfastError `config` for a reason that is none */
  revoke(id: SessionId, reason?: EndedReason): Promise<void>;
  /**
   * Complete also against sign-ins under way.
   * @returns the moment up to which sign-ins are refused, and how many sessions ended: 0 where the store cannot tell (`listable` is false).
   * @throws HoldfastError `unsupported` where `endsAll` is false
   */
  revokeAll(subject: string, options?: { except?: SessionId }): Promise<{ notBefore: Millis; ended: number }>;
  /**
   * The last resort: every session of the realm is over, guests included, and sign-ins under way are refused. At once for the requests of
   * this process, within 5 s for other servers; a sign-in there within these 5 s may have to be repeated. One write, whatever the number of
   * sessions: each reads as `revoked` from then on. Kept for 400 days.
   * @returns the moment up to which sign-ins are refused.
   * @throws HoldfastError `unavailable`, `unsupported` for a store that may drop rows
   */
  revokeEverything(): Promise<{ notBefore: Millis }>;
  /** Removes expired rows until none is left or `limit` (default 10,000) is reached. 0 where the engine expires by itself. */
  sweep(limit?: number): Promise<number>;
  /** Listens to events; returns the function that stops it. */
  on(listener: (event: SessionEvent) => void): () => void;
}
