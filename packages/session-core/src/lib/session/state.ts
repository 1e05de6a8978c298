import type { EndedReason, Millis } from "@holdfast/session-protocol";
import type { SessionId } from "../port.ts";
import type { Secret } from "../secret.ts";

interface Live<Data> {
  /** Public id, as in the device list. Never a credential. */
  readonly id: SessionId;
  /** Keyed hash of the id, for logs, events and the browser's epoch: links nothing to anything. */
  readonly handle: string;
  readonly data: Data;
  readonly createdAt: Millis;
  readonly seenAt: Millis;
  /** Acknowledged deadlines: a touch still under way does not count. */
  readonly idleAt: Millis;
  readonly absoluteAt: Millis;
}

/** A session of somebody who signed in. */
export interface ActiveState<Data> extends Live<Data> {
  readonly kind: "active";
  readonly subject: string;
  /** When the person last proved who they are. */
  readonly authenticatedAt: Millis;
  /** Authentication context class, as the application named it at sign-in. */
  readonly acr: string | undefined;
  /** Authentication methods (RFC 8176 values where they fit). */
  readonly amr: readonly string[];
  /** Label of the device, as the application gave it at sign-in. */
  readonly device: string | undefined;
  /** The public key of the device that the session is bound to, as session-core/bound keeps it; `undefined` for a session that any holder of the cookie can use. */
  readonly key: string | undefined;
  /** Names of the binding signals (`ip`, `userAgent`) that differ from the sign-in's; empty without `signals`. */
  readonly signals: readonly string[];
  /** One of them asks for a new authentication: the session does not count as fresh until `elevate({ reauthenticated: true })`. */
  readonly suspect: boolean;
}

/** A session without a subject: a visitor who has something to keep. */
export interface GuestState<Data> extends Live<Data> {
  readonly kind: "guest";
}

export interface NoneState {
  readonly kind: "none";
  /** Why it is over; only for the holder of an authentic credential. */
  readonly ended?: EndedReason;
  /**
   * `superseded`: an authentic credential that was replaced; retry once with the current cookies, delete nothing.
   * `indeterminate`: a credential of a key this server does not have (yet); answer 503, set no cookie.
   */
  readonly refused?: "superseded" | "indeterminate";
  /** It idled out, and one factor is enough to go on: `start(subject, data, { resume: true })`, where the policy has `resume`. */
  readonly resumable?: true;
}

export type SessionState<Data> = ActiveState<Data> | GuestState<Data> | NoneState;

export interface StartOptions<Data> {
  /** Keys of the guest's data that the new session takes over. Nothing else survives the sign-in. */
  readonly carry?: readonly (keyof Data & string)[];
  /**
   * When the first factor was accepted, in ms; the moment the request arrived unless given. A later time counts as that moment.
   * Further back than `policy.absolute` is refused (`authentication_too_old`).
   */
  readonly authenticatedAt?: Millis;
  /** Ends all other sessions of the subject with this sign-in: for a changed password. Needs a store that can list a subject's sessions. */
  readonly revokeOthers?: boolean;
  readonly acr?: string;
  readonly amr?: readonly string[];
  /**
   * The person asked to stay signed in on this device: the limits of `policy.remember` count, and the cookie carries a Max-Age that ends
   * with the absolute limit. Default false: the cookie goes with the browser.
   */
  readonly remember?: boolean;
  /**
   * One factor was accepted of somebody whose session is `resumable`: the new session takes over its data, acr, device and the absolute limit,
   * and has this authentication's `amr` and time.
   */
  readonly resume?: boolean;
  /** A label for the owner's device list, at most 120 characters are kept. */
  readonly device?: string;
}

export interface ElevateOptions {
  readonly acr?: string;
  readonly amr?: readonly string[];
  /**
   * The person proved again who they are: restarts the absolute limit and sets `authenticatedAt`.
   * Leave it out for a mere change of role.
   */
  readonly reauthenticated?: boolean;
  /**
   * The rights given here are weaker: no new credential, every one that exists loses them with the commit. For leaving an administrator's mode.
   * `reauthenticated` is ignored then.
   */
  readonly lower?: boolean;
}

/**
 * A Set-Cookie in parts for frameworks that want them, and whole in `header`. `value` and `header` are there for who asks by name only:
 * JSON, `console.log` and a spread copy leave them out.
 */
export interface CookieChange {
  readonly name: string;
  readonly value: string;
  readonly options: CookieAttributes;
  /** The complete `Set-Cookie` value. Append it; never join two of them. */
  readonly header: string;
}

export interface CookieAttributes {
  readonly path: string;
  readonly domain?: string;
  readonly secure: boolean;
  /** `false` for the hint only. */
  readonly httpOnly: boolean;
  readonly sameSite: "lax" | "strict" | "none";
  /** Whole seconds; absent for a cookie that lives as long as the browser session, 0 for a deletion. */
  readonly maxAge?: number;
}

export interface Committed<Data> {
  /** @throws HoldfastError `not_loaded` on a lazy session that nobody looked at: it was not read. */
  readonly state: SessionState<Data>;
  readonly cookies: readonly CookieChange[];
  /** Response headers to set: `Session-Deadlines`, and `Cache-Control: no-store` when a cookie is set. Without Set-Cookie. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** Bearer clients only: the credential to use from now on, when it changed. After a sign-in or elevation no other answer will ever have it. */
  readonly credential?: Secret;
}

export interface CommitOptions {
  /**
   * The application marked the response as cacheable: no renewal cookie and no deadlines with it.
   * A sign-in, elevation or sign-out still sets its cookie; the adapter must then answer `no-store`.
   */
  readonly cacheable?: boolean;
  /**
   * This response cannot hand a bearer client its new credential, which is no cookie. A sign-in or elevation by such a client then throws
   * `unsupported` and nothing is written: the handler must commit itself and answer with `committed.credential`. Default false.
   */
  readonly noCredential?: boolean;
  /** Takes a promise that may outlive the response (`waitUntil`); touches then do not delay it. `false` where it cannot: they do. */
  readonly defer?: (work: Promise<unknown>) => boolean;
}

export interface LoadOptions {
  /** For what must not happen in a session that was revoked a moment ago elsewhere: asks the engine, where the store may have answered from a copy in this process. */
  readonly authoritative?: boolean;
}

/** The session of one request. Intents are folded into `state` at once and written once, at the commit. */
export interface RequestSession<Data> {
  /** @throws HoldfastError `not_loaded` when the session was prepared lazily and `load()` was not awaited. */
  readonly state: SessionState<Data>;
  /** How the credential came: decides whether CSRF applies. `undefined` when there was none. */
  readonly transport: "cookie" | "bearer" | undefined;
  /** Ids of the authentic credentials that came, the latest first, without reading the store: what the browser holds, not what still lives. */
  readonly presentedIds: readonly SessionId[];
  /** The state, with the intents so far. Reads the store if a plausible credential came and it was not read yet; at most once per request, but for `authoritative`. */
  load(options?: LoadOptions): Promise<SessionState<Data>>;
  /**
   * Sign-in: always a new id; the session before it ends with the commit. `data` is laid over the initial data.
   * @throws HoldfastError `config` for `remember` or `resume` without the policy for it, `no_session` where `resume` finds no resumable session of this subject;
   * on a lazy session both come with the commit
   */
  start(subject: string, data?: Partial<Data>, options?: StartOptions<Data>): void;
  /** Replayed on conflict, so it must be pure; may call `reject(reason)`. A visitor becomes a guest. */
  update(change: (data: Data) => Data): void;
  /** New rights or a fresh authentication: the credential that has them is only ever the one this response sets. With `lower`, fewer rights at once. */
  elevate(options: ElevateOptions): void;
  /** Sign-out. */
  end(): void;
  /** Asks for activity to be recorded now, throttled or not; `commit` then awaits the write. */
  touch(): void;
  /** Says that no user is behind this request, whatever it says itself: for polling routes. Idle does not slide. */
  background(): void;
  /** Asks for a ratchet step now, if policy allows one. */
  renew(): void;
  /** Writes the intents. Once; later calls return the same promise, later intents throw `already_committed`. */
  commit(options?: CommitOptions): Promise<Committed<Data>>;
  /** The handler failed: drops everything but `end`. */
  discard(): void;
}

/** A row of the owner's device list. */
export interface SessionSummary<Data> {
  readonly id: SessionId;
  readonly handle: string;
  readonly current: boolean;
  readonly createdAt: Millis;
  readonly seenAt: Millis;
  readonly authenticatedAt: Millis;
  readonly device: string | undefined;
  readonly data: Data;
}
