import type { Millis } from "@holdfast/session-protocol";
import { auxiliaryRow } from "../auxiliary.ts";
import { type Clock, systemClock } from "../clock.ts";
import { configError } from "../errors.ts";
import type { SessionId, SessionStore } from "../port.ts";
import { withDeadline } from "../store-deadline.ts";
import { createKeyRing, type KeyRingFile } from "../token/key-ring.ts";
import { type AccessTokenClaims, LONGEST_TOLERANCE } from "./claims.ts";

export interface DenylistOptions {
  /** The store of the sessions, or another one that all verifiers reach. */
  readonly store: SessionStore;
  /** The key file of the sessions: what is denied cannot be read from the rows. */
  readonly keys: KeyRingFile;
  /** The realm of the sessions. Default `default`. */
  readonly realm?: string;
  /** How long one call of the store may take, in ms. Default 3000. */
  readonly storeTimeout?: Millis | "off";
  /** Default: the system's clock. */
  readonly clock?: Clock;
}

/** Tokens that are over before they expire, by issuer and `jti` or `sid`: never by their bytes, of which one token can have several (F19). */
export interface Denylist {
  /** Denies one token until it would expire. @throws the store's fault */
  deny(token: Pick<AccessTokenClaims, "iss" | "jti" | "exp">): Promise<void>;
  /** Denies all tokens of a session. `lifetime`: how long the last of them may live, in ms. @throws the store's fault */
  denySession(session: { readonly iss: string; readonly sid: string; readonly lifetime: Millis }): Promise<void>;
  /** One read, or two with a `sid`, side by side. @throws the store's fault */
  has(token: Pick<AccessTokenClaims, "iss" | "jti" | "sid">): Promise<boolean>;
}

/** @throws HoldfastError `config` for a store that may drop rows (K04), and for a key file that is wrong */
export function createDenylist({ store, keys, realm = "default", storeTimeout = 3000, clock = systemClock }: DenylistOptions): Denylist {
  if (typeof store?.read !== "function") throw configError("store", "must be a session store.");
  if (store.capabilities.evicts) throw configError("store", "may drop rows to make room, and a denied token would be good again. Use another one.");
  const ring = createKeyRing(keys, realm);
  const timed = withDeadline(store, storeTimeout);
  const rowId = (kind: "jti" | "sid", iss: string, value: string): SessionId => ring.rowId(`denied/${kind}/${JSON.stringify([iss, value])}`);
  const add = async (id: SessionId, until: Millis): Promise<void> => {
    const now = clock.now();
    const expiresAt = until + LONGEST_TOLERANCE;
    if (expiresAt <= now) return;
    const { outcome } = await timed.create(auxiliaryRow(id, { body: "denied", expiresAt }, now), undefined, { durable: true });
    // It was denied before, perhaps for a shorter time.
    if (outcome === "exists") await timed.touch(id, expiresAt, expiresAt);
  };
  const isThere = async (id: SessionId): Promise<boolean> => (await timed.read(id, { authoritative: true })) !== null;

  return {
    deny: ({ iss, jti, exp }) => add(rowId("jti", iss, jti), exp * 1000),
    denySession: ({ iss, sid, lifetime }) => add(rowId("sid", iss, sid), clock.now() + lifetime),
    async has({ iss, jti, sid }) {
      const ids = [rowId("jti", iss, jti), ...(sid === undefined ? [] : [rowId("sid", iss, sid)])];
      return (await Promise.all(ids.map(isThere))).some(Boolean);
    },
  };
}
