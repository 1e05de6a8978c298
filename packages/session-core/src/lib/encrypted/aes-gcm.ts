import { fromBase64url, toBase64url, utf8 } from "../bytes.ts";

/** A key as the engine wants it. */
export type GcmKey = object;

/** AES-256-GCM with a 96-bit IV; `sealed` is ciphertext and 128-bit tag. Synchronous where the runtime lets it. */
export interface AesGcm {
  /** Whether nothing here ever answers with a promise. */
  readonly synchronous: boolean;
  /** Once per key: on Node a raw one costs three times as much at each use, and WebCrypto takes none. */
  load(key: Uint8Array): GcmKey | Promise<GcmKey>;
  seal(key: GcmKey, iv: Uint8Array, text: Uint8Array, aad: Uint8Array): Uint8Array | Promise<Uint8Array>;
  /** `null` when the tag does not fit. */
  open(key: GcmKey, iv: Uint8Array, sealed: Uint8Array, aad: Uint8Array): Uint8Array | null | Promise<Uint8Array | null>;
  /** `iv.ciphertext.tag` in base64url, the end of a compact JWE, by the fastest way the runtime has. */
  sealText(key: GcmKey, iv: Uint8Array, text: string, aad: Uint8Array): string | Promise<string>;
  /** `null` also for what is no strict base64url. */
  openText(key: GcmKey, parts: TextParts, aad: Uint8Array): string | null | Promise<string | null>;
}

export interface TextParts {
  readonly iv: string;
  readonly body: string;
  readonly tag: string;
}

interface Buffered extends Uint8Array {
  toString(encoding?: "base64url"): string;
}
interface Streamed<Self> {
  setAAD(aad: Uint8Array): Self;
  update(bytes: Uint8Array): Buffered;
  update(text: string, encoding: "utf8"): Buffered;
  final(): Uint8Array;
}
interface Cipher extends Streamed<Cipher> {
  getAuthTag(): Buffered;
}
interface Decipher extends Streamed<Decipher> {
  setAuthTag(tag: Uint8Array): Decipher;
}

/** The parts of node:crypto and node:buffer that matter; the types of Node stay out of the published ones. */
interface NodeCrypto {
  createSecretKey(key: Uint8Array): GcmKey;
  createCipheriv(algorithm: typeof NAME, key: GcmKey, iv: Uint8Array): Cipher;
  createDecipheriv(algorithm: typeof NAME, key: GcmKey, iv: Uint8Array, options: { authTagLength: number }): Decipher;
}
interface NodeBuffer {
  readonly Buffer: {
    from(text: string, encoding: "base64url"): Buffered;
  };
}

const IV_BYTES = 12;
const IV_TEXT = 16;
const TAG_BYTES = 16;
/** 128 bits: of the last character the lower four are none of them. */
const TAG_TEXT = /^[\w-]{21}[AQgw]$/;
const NAME = "aes-256-gcm";
const LENGTHS = { authTagLength: TAG_BYTES };

/** node:crypto of Node, Bun and Deno: a body in microseconds, where a WebCrypto call costs 25 to 30. */
export function nodeAesGcm({ createSecretKey, createCipheriv, createDecipheriv, Buffer }: NodeCrypto & NodeBuffer): AesGcm {
  const decipher = (key: GcmKey, iv: Uint8Array, aad: Uint8Array, tag: Uint8Array): Decipher =>
    createDecipheriv(NAME, key, iv, LENGTHS).setAAD(aad).setAuthTag(tag);
  return {
    synchronous: true,
    load: (key) => createSecretKey(key),
    seal(key, iv, text, aad) {
      const cipher = createCipheriv(NAME, key, iv).setAAD(aad);
      const head = cipher.update(text);
      const tail = cipher.final();
      return joined(head, tail, cipher.getAuthTag());
    },
    open(key, iv, sealed, aad) {
      const end = sealed.length - TAG_BYTES;
      if (end < 0) return null;
      const opening = decipher(key, iv, aad, sealed.subarray(end));
      const head = opening.update(sealed.subarray(0, end));
      try {
        return joined(head, opening.final());
      } catch {
        return null;
      }
    },
    // GCM is a stream cipher: final() has no bytes left.
    sealText(key, iv, text, aad) {
      const cipher = createCipheriv(NAME, key, iv).setAAD(aad);
      const body = cipher.update(text, "utf8");
      cipher.final();
      return `${toBase64url(iv)}.${body.toString("base64url")}.${cipher.getAuthTag().toString("base64url")}`;
    },
    openText(key, { iv, body, tag }, aad) {
      if (iv.length !== IV_TEXT || !TAG_TEXT.test(tag)) return null;
      // An IV's text has no bits left over, so both can be read at once. Buffer skips what it does not know: only what reads back the same is what was written.
      const text = iv + body;
      const sealed = Buffer.from(text, "base64url");
      if (sealed.toString("base64url") !== text) return null;
      try {
        const opening = decipher(key, sealed.subarray(0, IV_BYTES), aad, Buffer.from(tag, "base64url"));
        const bytes = opening.update(sealed.subarray(IV_BYTES));
        opening.final();
        return bytes.toString();
      } catch {
        return null;
      }
    },
  };
}

type Bytes = Uint8Array<ArrayBuffer>;
const decoder = /* @__PURE__ */ new TextDecoder("utf-8", { ignoreBOM: true });

/** Everywhere else, like Workers. */
export const webAesGcm = ({ subtle }: Pick<Crypto, "subtle">): AesGcm => {
  const how = (iv: Uint8Array, aad: Uint8Array): AesGcmParams => ({ name: "AES-GCM", iv: iv as Bytes, additionalData: aad as Bytes });
  const web: AesGcm = {
    synchronous: false,
    load: (key) => subtle.importKey("raw", key as Bytes, "AES-GCM", false, ["encrypt", "decrypt"]),
    seal: async (key, iv, text, aad) => new Uint8Array(await subtle.encrypt(how(iv, aad), key as CryptoKey, text as Bytes)),
    async open(key, iv, sealed, aad) {
      try {
        return new Uint8Array(await subtle.decrypt(how(iv, aad), key as CryptoKey, sealed as Bytes));
      } catch {
        return null;
      }
    },
    async sealText(key, iv, text, aad) {
      const sealed = await web.seal(key, iv, utf8.encode(text), aad);
      const end = sealed.length - TAG_BYTES;
      return `${toBase64url(iv)}.${toBase64url(sealed.subarray(0, end))}.${toBase64url(sealed.subarray(end))}`;
    },
    async openText(key, parts, aad) {
      const [iv, body, tag] = [fromBase64url(parts.iv), fromBase64url(parts.body), fromBase64url(parts.tag)];
      const bytes = iv && body && tag?.length === TAG_BYTES ? await web.open(key, iv, joined(body, tag), aad) : null;
      return bytes && decoder.decode(bytes);
    },
  };
  return web;
};

export function platformAesGcm(): AesGcm {
  const { process, navigator } = globalThis as { process?: { getBuiltinModule?: (name: string) => unknown }; navigator?: { readonly userAgent?: string } };
  const builtIn = (name: string): unknown => process?.getBuiltinModule?.(name) ?? {};
  const { createSecretKey, createCipheriv, createDecipheriv } = builtIn("node:crypto") as Partial<NodeCrypto>;
  const { Buffer } = builtIn("node:buffer") as Partial<NodeBuffer>;
  // Workers may have node:crypto too, where it takes three times as long as WebCrypto.
  const node = navigator?.userAgent !== "Cloudflare-Workers" && createSecretKey && createCipheriv && createDecipheriv && Buffer;
  return node ? nodeAesGcm({ createSecretKey, createCipheriv, createDecipheriv, Buffer }) : webAesGcm(globalThis.crypto);
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
