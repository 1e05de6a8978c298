import type { Millis } from "@holdfast/session-protocol";
import type { AesGcm, GcmKey } from "../encrypted/aes-gcm.ts";
import type { KeyRing, RingKey } from "../token/key-ring.ts";
import { createIvs } from "./ivs.ts";
import { createReadHeader, type ProtectedHeader, writeHeader } from "./protected-header.ts";
import { createSealKeys, dayOf, isPlausible } from "./seal-keys.ts";

/** What became of a text that came in a cookie. */
export type Unsealed =
  | { readonly kind: "open"; readonly text: string; readonly key: RingKey }
  /** Of a key that this server does not have: perhaps of one that is being rolled out. */
  | { readonly kind: "indeterminate"; readonly keyId: number }
  | { readonly kind: "malformed" | "forged" };

/** Seals texts as compact JWE (RFC 7516): `dir`, A256GCM. */
export interface Seal {
  /** Whether nothing here ever answers with a promise. */
  readonly synchronous: boolean;
  seal(text: string, cookie: string): string | Promise<string>;
  /** One call of the engine at the most, and only for what has the right form, key and cookie. Never throws or rejects. */
  unseal(sealed: string, cookie: string): Unsealed | Promise<Unsealed>;
}

const IV_LENGTH = 16;
const TAG_LENGTH = 22;
const DOT = 46;
const MALFORMED = { kind: "malformed" } as const;
const FORGED = { kind: "forged" } as const;

/** @param longest characters of a sealed text; what is longer is refused unread. */
export function createSeal(ring: KeyRing, realm: string, aes: AesGcm, now: () => Millis, longest: number): Seal {
  const keys = createSealKeys(aes, realm);
  const ivs = createIvs();
  const readHeader = createReadHeader(({ keyId, day }) => ring.find(keyId) !== undefined && isPlausible(day, now()), now);
  let headers = new Map<string, ProtectedHeader>();
  let today = -1;
  const headerFor = (cookie: string, day: number): ProtectedHeader => {
    // As many as there are cookie names.
    if (day !== today) headers = new Map();
    today = day;
    const header = headers.get(cookie) ?? writeHeader(ring.active.id, day, cookie);
    headers.set(cookie, header);
    return header;
  };

  const withKey = <T>(key: RingKey, day: number, work: (loaded: GcmKey) => T | Promise<T>): T | Promise<T> => {
    const loaded = keys.of(key, day);
    return loaded instanceof Promise ? loaded.then(work) : work(loaded);
  };

  return {
    synchronous: aes.synchronous,
    seal(text, cookie) {
      const header = headerFor(cookie, dayOf(now()));
      const end = withKey(ring.active, header.day, (key) => aes.sealText(key, ivs(), text, header.aad));
      return end instanceof Promise ? end.then((later) => `${header.text}..${later}`) : `${header.text}..${end}`;
    },
    unseal(sealed, cookie) {
      const { length } = sealed;
      const dot = length <= longest ? sealed.indexOf(".") : -1;
      const text = dot + 2 + IV_LENGTH;
      const tag = length - TAG_LENGTH;
      // header..iv.ciphertext.tag
      if (dot < 0 || text >= tag || sealed.charCodeAt(dot + 1) !== DOT || sealed.charCodeAt(text) !== DOT || sealed.charCodeAt(tag - 1) !== DOT) return MALFORMED;
      const header = readHeader(sealed.slice(0, dot));
      if (!header) return MALFORMED;
      const { keyId, day } = header;
      if (header.cookie !== cookie) return FORGED;
      const key = ring.find(keyId);
      if (!key) return { kind: "indeterminate", keyId };
      if (!isPlausible(day, now())) return FORGED;
      const parts = { iv: sealed.slice(dot + 2, text), body: sealed.slice(text + 1, tag - 1), tag: sealed.slice(tag) };
      const opened = withKey(key, day, (loaded) => aes.openText(loaded, parts, header.aad));
      const result = (found: string | null): Unsealed => (found === null ? FORGED : { kind: "open", text: found, key });
      return opened instanceof Promise ? opened.then(result) : result(opened);
    },
  };
}
