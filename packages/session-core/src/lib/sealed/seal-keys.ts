import type { Millis } from "@holdfast/session-protocol";
import type { AesGcm, GcmKey } from "../encrypted/aes-gcm.ts";
import type { RingKey } from "../token/key-ring.ts";

/**
 * A key of its own per realm, key of the ring and day (UTC): random IVs allow 2^32 seals under one key (NIST SP 800-38D section 8.3), which are 49,000 a second
 * for that day.
 */
export interface SealKeys {
  /** A promise only at the first use of a key, and only where the engine is not synchronous. */
  of(key: RingKey, day: number): GcmKey | Promise<GcmKey>;
}

export const DAY: Millis = 24 * 60 * 60 * 1000;
/** The longest that a policy lets any session live, in days, and two of skew. */
const OLDEST = 402;
/** More than are alive of a usual ring; days that strangers make up must not pile up. */
const KEPT = 1000;

export const dayOf = (now: Millis): number => Math.floor(now / DAY);

/** Whether any session can have been sealed on that day and still live. */
export const isPlausible = (day: number, now: Millis): boolean => day <= dayOf(now) + 1 && day >= dayOf(now) - OLDEST;

export function createSealKeys(aes: AesGcm, realm: string): SealKeys {
  const keys = new Map<number, GcmKey>();
  const keep = (name: number, loaded: GcmKey): GcmKey => {
    if (keys.size >= KEPT) keys.clear();
    keys.set(name, loaded);
    return loaded;
  };
  return {
    of(key, day) {
      // One number for both: a text to be made and hashed would be the dearest part.
      const name = key.id * 1e6 + day;
      const known = keys.get(name);
      if (known) return known;
      const loaded = aes.load(key.derive(`seal/${realm}/${day}`));
      return loaded instanceof Promise ? loaded.then((one) => keep(name, one)) : keep(name, loaded);
    },
  };
}
