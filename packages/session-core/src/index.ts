export { type Clock, systemClock } from "./lib/clock.ts";
export { createSessions, type SessionsOptions } from "./lib/create-sessions.ts";
export type { CsrfTokens } from "./lib/csrf-tokens.ts";
export { HoldfastError, type HoldfastErrorCode, type HoldfastErrorDetails, reject } from "./lib/errors.ts";
export type { SessionEvent } from "./lib/events.ts";
export type { SessionId } from "./lib/port.ts";
export { applyCommit, isCacheable } from "./lib/response-headers.ts";
export type { Secret } from "./lib/secret.ts";
export type { DataOptions } from "./lib/session/data.ts";
export { type Policy, type PolicyOptions, type PolicyProfile, resolvePolicy } from "./lib/session/policy.ts";
export type {
  ActiveState,
  Committed,
  CommitOptions,
  CookieAttributes,
  CookieChange,
  ElevateOptions,
  GuestState,
  LoadOptions,
  NoneState,
  RequestSession,
  SessionState,
  SessionSummary,
  StartOptions,
} from "./lib/session/state.ts";
export type { OpenOptions, Sessions, SessionSource, WatchOptions } from "./lib/sessions.ts";
export { generateKeys, type KeyEntry, type KeyRingFile } from "./lib/token/key-ring.ts";
export type { CookieOptions } from "./lib/transport/cookie.ts";
