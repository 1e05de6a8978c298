import { equalBytes, fromBase64url, randomBytes, toBase64url, utf8 } from "../bytes.ts";
import { HoldfastError } from "../errors.ts";
import { createMac, type Mac } from "../hash.ts";
import type { SessionId } from "../port.ts";
import { readBody } from "../record.ts";
import type { KeyRing } from "../token/key-ring.ts";
import { perKey } from "../token/per-key.ts";
import type { AesGcm } from "./aes-gcm.ts";

/** The stored form of a body: `e1.<key id>.<base64url(iv | ciphertext | tag)>`, and `t1.<key id>.<base64url(mac)>.<body>` of a tombstone for many rows. */
export interface BodyCipher {
  encrypt(id: SessionId, body: string): Promise<string>;
  /** A tombstone for rows whose ids nobody knows beforehand holds no data: it is signed, not encrypted, and may then take the place of any row. */
  sign(body: string): string;
  /** `null` for what was not written here or was changed since. @throws HoldfastError `unavailable` for a key that is not here (yet) */
  read(id: SessionId, stored: string): Promise<string | null>;
}

interface BodyKeys {
  /** Makes the key of one id, so GCM's bound of 2^32 random IVs (NIST SP 800-38D section 8.3) is one of the writes of a single session. */
  readonly ofId: Mac;
  readonly ofTombstones: Mac;
}

const IV_BYTES = 12;
const FORM = /^([et])1\.(\d{1,5})\.([\w-]+)(?:\.([^]*))?$/;
const text = new TextDecoder("utf-8", { ignoreBOM: true });

export function createBodyCipher(ring: KeyRing, realm: string, aes: AesGcm, acceptPlain: boolean): BodyCipher {
  const keysOf = perKey((key): BodyKeys => ({ ofId: createMac(key.derive(`body/${realm}`)), ofTombstones: createMac(key.derive(`ended/${realm}`)) }));

  return {
    async encrypt(id, body) {
      const iv = randomBytes(IV_BYTES);
      const aad = utf8.encode(id);
      const sealed = await aes.seal(await aes.load(keysOf(ring.active).ofId(aad)), iv, utf8.encode(body), aad);
      return `e1.${ring.active.id}.${toBase64url(iv)}${toBase64url(sealed)}`;
    },
    sign: (body) => `t1.${ring.active.id}.${toBase64url(keysOf(ring.active).ofTombstones(utf8.encode(body)))}.${body}`,
    async read(id, stored) {
      const [, kind, keyId, encoded, body] = FORM.exec(stored) ?? [];
      // Ended rows of before the roll-out are no secret, and whoever writes to the store can end sessions anyway.
      if (kind === undefined || keyId === undefined || encoded === undefined) return acceptPlain || readBody(stored)?.kind === "ended" ? stored : null;
      const key = ring.find(Number(keyId));
      if (!key) throw new HoldfastError("unavailable", `A row is encrypted with key ${keyId}, which this server does not have; it may be on its way.`);
      const bytes = fromBase64url(encoded);
      if (!bytes) return null;
      if (kind === "t") return body !== undefined && equalBytes(bytes, keysOf(key).ofTombstones(utf8.encode(body))) ? body : null;
      if (body !== undefined) return null;
      const aad = utf8.encode(id);
      const opened = await aes.open(await aes.load(keysOf(key).ofId(aad)), bytes.subarray(0, IV_BYTES), bytes.subarray(IV_BYTES), aad);
      return opened && text.decode(opened);
    },
  };
}
