import type { EndedReason, Millis } from "@holdfast/session-protocol";
import type { WithoutTime } from "./emitter.ts";
import type { SessionId } from "./port.ts";

/** Stable names for logs and metrics (OWASP logging vocabulary where it has one). `handle` is a keyed hash, never the id; `handles` are of several sessions that ended. */
export type SessionEvent = { readonly at: Millis; readonly handle?: string } & (
  /** `previous`: handle of the session that this one replaces, which is over. */
  | { readonly type: "session_created"; readonly kind: "guest" | "active"; readonly previous?: string | undefined }
  | { readonly type: "session_renewed" }
  | { readonly type: "session_elevated" }
  | { readonly type: "session_expired"; readonly reason: "idle" | "absolute" }
  | { readonly type: "session_logout" }
  /** `count` is 0, and no handle told, for all that a subject had in a store that cannot list them. */
  | { readonly type: "session_revoked"; readonly reason: EndedReason; readonly count: number; readonly handles?: readonly string[] }
  /** Every session that began by `notBefore` is over. */
  | { readonly type: "everything_revoked"; readonly notBefore: Millis }
  | { readonly type: "session_use_after_expire"; readonly reason: EndedReason }
  | { readonly type: "session_reuse_detected"; readonly action: "revoke" | "refuse"; readonly stepsBehind: number }
  /** Once per process and change. `revoke` is followed by the end of the session. */
  | { readonly type: "session_signal_changed"; readonly signals: readonly string[]; readonly action: "observe" | "elevate" | "revoke" }
  | { readonly type: "session_superseded" }
  | { readonly type: "session_unknown" }
  | { readonly type: "session_mismatch" }
  /** Written by a later release than this server's. */
  | { readonly type: "session_newer" }
  | { readonly type: "session_data_unreadable" }
  | { readonly type: "session_write_lost" }
  | { readonly type: "excess_sessions_exceeded"; readonly action: "reject" | "evict-oldest"; readonly count: number; readonly handles?: readonly string[] }
  | { readonly type: "credential_rejected"; readonly why: "malformed" | "forged" | "duplicate_cookie" }
  | { readonly type: "credential_indeterminate"; readonly keyId: number }
  /** A retired key still has sessions that come; told once a minute for each, per process. */
  | { readonly type: "session_old_key"; readonly keyId: number }
  | { readonly type: "ephemeral_keys" }
  /** `error`: name and code of the driver's error. `cause` gives the error itself, whose text may quote ids and data of a row: not for logs. */
  | { readonly type: "store_failed"; readonly verb: string; readonly error: string; readonly cause: () => unknown }
);

/** Tells the listeners, now. @param id whose handle the event gets */
export type Emit = (event: WithoutTime<SessionEvent>, id?: SessionId) => void;
