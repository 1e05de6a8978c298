/**
 * Why a token does not count.
 * - `too_long`, `malformed`: not looked into, or no compact JWS of two JSON objects.
 * - `type`: a token of another kind, such as an ID token.
 * - `algorithm`: not on the list. `header`: `crit` or a key of its own. `key`: of no key of this issuer. `key_algorithm`: not the key's own.
 * - `signature`.
 * - `claims`: one is missing or no such value. `issuer`, `audience`: not ours. `expired`, `not_yet`: by our clock and the tolerance.
 * - `revoked`: on the denylist, the token or its session.
 */
export type RefusedReason =
  | "too_long"
  | "malformed"
  | "type"
  | "algorithm"
  | "header"
  | "key"
  | "key_algorithm"
  | "signature"
  | "claims"
  | "issuer"
  | "audience"
  | "expired"
  | "not_yet"
  | "revoked";

export interface Refused {
  readonly outcome: "refused";
  readonly reason: RefusedReason;
}

export const refusal = (reason: RefusedReason): Refused => ({ outcome: "refused", reason });
