/** AES-256-GCM with a 96-bit IV; `sealed` is ciphertext and 128-bit tag. Synchronous where the runtime lets it. */
export interface AesGcm {
  seal(key: Uint8Array, iv: Uint8Array, text: Uint8Array, aad: Uint8Array): Uint8Array | Promise<Uint8Array>;
  /** `null` when the tag does not fit. */
  open(key: Uint8Array, iv: Uint8Array, sealed: Uint8Array, aad: Uint8Array): Uint8Array | null | Promise<Uint8Array | null>;
}

interface Streamed<Self> {
  setAAD(aad: Uint8Array): Self;
  update(bytes: Uint8Array): Uint8Array;
  final(): Uint8Array;
}
interface Cipher extends Streamed<Cipher> {
  getAuthTag(): Uint8Array;
}
interface Decipher extends Streamed<Decipher> {
  setAuthTag(tag: Uint8Array): Decipher;
}

/** The part of node:crypto that matters; the types of Node stay out of the published ones. */
interface NodeCrypto {
  createCipheriv(algorithm: typeof NAME, key: Uint8Array, iv: Uint8Array): Cipher;
  createDecipheriv(algorithm: typeof NAME, key: Uint8Array, iv: Uint8Array, options: { authTagLength: number }): Decipher;
}

const TAG_BYTES = 16;
const NAME = "aes-256-gcm";

/** node:crypto of Node, Bun and Deno: a body in microseconds, where a WebCrypto call costs 25 to 30. */
export const nodeAesGcm = ({ createCipheriv, createDecipheriv }: NodeCrypto): AesGcm => ({
  seal(key, iv, text, aad) {
    const cipher = createCipheriv(NAME, key, iv).setAAD(aad);
    const head = cipher.update(text);
    const tail = cipher.final();
    return joined(head, tail, cipher.getAuthTag());
  },
  open(key, iv, sealed, aad) {
    const end = sealed.length - TAG_BYTES;
    if (end < 0) return null;
    const decipher = createDecipheriv(NAME, key, iv, { authTagLength: TAG_BYTES }).setAAD(aad).setAuthTag(sealed.subarray(end));
    const head = decipher.update(sealed.subarray(0, end));
    try {
      return joined(head, decipher.final());
    } catch {
      return null;
    }
  },
});

type Bytes = Uint8Array<ArrayBuffer>;

/** Everywhere else, like Workers. */
export const webAesGcm = ({ subtle }: Pick<Crypto, "subtle">): AesGcm => {
  const load = (key: Uint8Array, use: "encrypt" | "decrypt"): Promise<CryptoKey> => subtle.importKey("raw", key as Bytes, "AES-GCM", false, [use]);
  const how = (iv: Uint8Array, aad: Uint8Array): AesGcmParams => ({ name: "AES-GCM", iv: iv as Bytes, additionalData: aad as Bytes });
  return {
    seal: async (key, iv, text, aad) => new Uint8Array(await subtle.encrypt(how(iv, aad), await load(key, "encrypt"), text as Bytes)),
    async open(key, iv, sealed, aad) {
      const loaded = await load(key, "decrypt");
      try {
        return new Uint8Array(await subtle.decrypt(how(iv, aad), loaded, sealed as Bytes));
      } catch {
        return null;
      }
    },
  };
};

export function platformAesGcm(): AesGcm {
  const { process } = globalThis as { process?: { getBuiltinModule?: (name: string) => unknown } };
  const crypto = process?.getBuiltinModule?.("node:crypto") as Partial<NodeCrypto> | undefined;
  const { createCipheriv, createDecipheriv } = crypto ?? {};
  return createCipheriv && createDecipheriv ? nodeAesGcm({ createCipheriv, createDecipheriv }) : webAesGcm(globalThis.crypto);
}

function joined(...parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
