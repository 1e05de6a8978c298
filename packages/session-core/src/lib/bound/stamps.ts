import type { Millis } from "@holdfast/session-protocol";
import { equalBytes, fromBase64url, randomBytes, toBase64url, utf8 } from "../bytes.ts";
import { createMac } from "../hash.ts";
import type { KeyRing } from "../token/key-ring.ts";
import { perKey } from "../token/per-key.ts";

/** `indeterminate`: of a key that this server does not have (yet). */
export type StampVerdict = "good" | "expired" | "forged" | "indeterminate";

/** Short texts that say "until then, for this", and that only we can write. Nothing is stored. */
export interface Stamps {
  /** @param random bytes that make one stamp differ from the next */
  make(purpose: Purpose, about: string, until: Millis, random?: number): string;
  /** Never throws. */
  check(purpose: Purpose, about: string, stamp: unknown, now: Millis, random?: number): StampVerdict;
}

/** Distinct, and without a zero: no stamp of one passes for another's. */
export type Purpose = "ticket" | "register" | "authorization" | "refresh";

// key[2] until[6] random[n] mac[16]
const AT = { until: 2, random: 8 } as const;
const MAC_BYTES = 16;

export function createStamps(ring: KeyRing, realm: string): Stamps {
  const macOf = perKey((key) => createMac(key.derive(`bound/${realm}`)));
  const macFor = (key: Parameters<typeof macOf>[0], purpose: Purpose, about: string, head: Uint8Array): Uint8Array =>
    macOf(key)(Uint8Array.of(...utf8.encode(`${purpose}\0${about}\0`), ...head)).subarray(0, MAC_BYTES);

  return {
    make(purpose, about, until, random = 0) {
      const { active } = ring;
      const bytes = new Uint8Array(AT.random + random + MAC_BYTES);
      bytes[0] = active.id >> 8;
      bytes[1] = active.id;
      for (let at = AT.random - 1, left = Math.floor(until); at >= AT.until; at--, left = Math.floor(left / 256)) bytes[at] = left % 256;
      bytes.set(randomBytes(random), AT.random);
      const end = AT.random + random;
      bytes.set(macFor(active, purpose, about, bytes.subarray(0, end)), end);
      return toBase64url(bytes);
    },
    check(purpose, about, stamp, now, random = 0) {
      const end = AT.random + random;
      const bytes = typeof stamp === "string" && stamp.length === Math.ceil(((end + MAC_BYTES) * 4) / 3) ? fromBase64url(stamp) : null;
      if (!bytes) return "forged";
      const key = ring.find(((bytes[0] ?? 0) << 8) | (bytes[1] ?? 0));
      if (!key) return "indeterminate";
      if (!equalBytes(macFor(key, purpose, about, bytes.subarray(0, end)), bytes.subarray(end))) return "forged";
      const until = bytes.subarray(AT.until, AT.random).reduce((sum, byte) => sum * 256 + byte, 0);
      return now < until ? "good" : "expired";
    },
  };
}
