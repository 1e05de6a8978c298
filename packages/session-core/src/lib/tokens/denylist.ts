import type { Millis } from "@holdfast/session-protocol";
import { systemClock } from "../clock.ts";
import { createRegister, type RegisterOptions } from "../register.ts";
import { type AccessTokenClaims, LONGEST_TOLERANCE } from "./claims.ts";

/** As of `createRegister`: the store of the sessions, or another one that all verifiers reach; their key file and realm. */
export type DenylistOptions = RegisterOptions;

/**
 * Tokens that are over before they expire, by issuer and `jti` or `sid`: never by their bytes, of which one token can have several (F19). Every verb throws
 * HoldfastError `unavailable` when the store does not answer.
 */
export interface Denylist {
  /** Denies one token until it would expire. */
  deny(token: Pick<AccessTokenClaims, "iss" | "jti" | "exp">): Promise<void>;
  /** Denies all tokens of a session. `lifetime`: how long the last of them may live, in ms. */
  denySession(session: { readonly iss: string; readonly sid: string; readonly lifetime: Millis }): Promise<void>;
  /** One read, or two with a `sid`, side by side. */
  has(token: Pick<AccessTokenClaims, "iss" | "jti" | "sid">): Promise<boolean>;
}

/** @throws HoldfastError `unsupported` for a store that may drop rows (K04), `config` for what is no store, and for a key file that is wrong */
export function createDenylist(options: DenylistOptions): Denylist {
  const { clock = systemClock } = options;
  const { deny, isDenied } = createRegister(options);
  const name = (kind: "jti" | "sid", iss: string, value: string): string => JSON.stringify([kind, iss, value]);

  return {
    deny: ({ iss, jti, exp }) => deny(name("jti", iss, jti), exp * 1000 + LONGEST_TOLERANCE),
    denySession: ({ iss, sid, lifetime }) => deny(name("sid", iss, sid), clock.now() + lifetime + LONGEST_TOLERANCE),
    async has({ iss, jti, sid }) {
      const names = [name("jti", iss, jti), ...(sid === undefined ? [] : [name("sid", iss, sid)])];
      return (await Promise.all(names.map(isDenied))).some(Boolean);
    },
  };
}
