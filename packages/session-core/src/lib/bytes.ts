const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const INVALID = 64;

const VALUES = /* @__PURE__ */ Uint8Array.from({ length: 128 }, (_, code) => {
  const value = ALPHABET.indexOf(String.fromCharCode(code));
  return value < 0 ? INVALID : value;
});

const valueAt = (text: string, index: number): number => VALUES[text.charCodeAt(index)] ?? INVALID;

export function toBase64url(bytes: Uint8Array): string {
  let text = "";
  let i = 0;
  for (; i + 2 < bytes.length; i += 3) {
    const n = ((bytes[i] ?? 0) << 16) | ((bytes[i + 1] ?? 0) << 8) | (bytes[i + 2] ?? 0);
    text += ALPHABET.charAt(n >> 18) + ALPHABET.charAt((n >> 12) & 63) + ALPHABET.charAt((n >> 6) & 63) + ALPHABET.charAt(n & 63);
  }
  const rest = bytes.length - i;
  if (rest === 0) return text;
  const n = ((bytes[i] ?? 0) << 16) | ((bytes[i + 1] ?? 0) << 8);
  text += ALPHABET.charAt(n >> 18) + ALPHABET.charAt((n >> 12) & 63);
  return rest === 2 ? text + ALPHABET.charAt((n >> 6) & 63) : text;
}

/** Strict: no padding, no other characters, no spare bits. `null` for anything else. */
export function fromBase64url(text: string): Uint8Array | null {
  const length = text.length;
  const rest = length & 3;
  if (rest === 1) return null;
  const bytes = new Uint8Array((length * 3) >> 2);
  let out = 0;
  let bits = 0;
  let held = 0;
  for (let i = 0; i < length; i++) {
    const value = valueAt(text, i);
    if (value === INVALID) return null;
    bits = ((bits << 6) | value) & 0xffffff;
    held += 6;
    if (held >= 8) {
      held -= 8;
      bytes[out++] = (bits >> held) & 0xff;
    }
  }
  return (bits & ((1 << held) - 1)) === 0 ? bytes : null;
}

export const utf8 = /* @__PURE__ */ new TextEncoder();

/** From the platform's CSPRNG; nothing else makes secrets here. */
export const randomBytes = (length: number): Uint8Array => globalThis.crypto.getRandomValues(new Uint8Array(length));

/** Takes the same time whatever differs. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  let difference = 0;
  for (let i = 0; i < a.length; i++) difference |= (a[i] ?? 0) ^ (b[i] ?? 0);
  return difference === 0;
}
