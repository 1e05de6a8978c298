import { fromBase64url, toBase64url, utf8 } from "../bytes.ts";
import { remember } from "../remember.ts";

/** What a protected header says, and its text, which is the AAD of the seal (RFC 7516 section 5.1 step 14). */
export interface ProtectedHeader {
  readonly keyId: number;
  readonly day: number;
  readonly cookie: string;
  readonly text: string;
  readonly aad: Uint8Array;
}

const KID = /^([1-9]\d{0,4})\.([1-9]\d{0,5})$/;
const LONGEST = 600;
const decoder = new TextDecoder();

/** `typ` is the purpose (RFC 8725 section 3.11), `cookie` the name it is for, `kid` the key of the ring and the day of the seal. */
export function writeHeader(keyId: number, day: number, cookie: string): ProtectedHeader {
  const text = toBase64url(utf8.encode(JSON.stringify({ alg: "dir", enc: "A256GCM", typ: "session+jwt", kid: `${keyId}.${day}`, cookie })));
  return { keyId, day, cookie, text, aad: utf8.encode(text) };
}

/**
 * Reads the one header that {@link writeHeader} would write, letter for letter, and no other: another algorithm, a second member, `crit`, `zip`, a key
 * of its own or spaces are refused without being looked at. Never throws.
 */
export function readHeader(text: string): ProtectedHeader | null {
  const bytes = text.length <= LONGEST ? fromBase64url(text) : null;
  if (!bytes) return null;
  try {
    const { kid, cookie } = JSON.parse(decoder.decode(bytes)) as { kid?: unknown; cookie?: unknown };
    const [, keyId, day] = KID.exec(String(kid)) ?? [];
    if (day === undefined || typeof cookie !== "string") return null;
    const header = writeHeader(Number(keyId), Number(day), cookie);
    return header.text === text ? header : null;
  } catch {
    return null;
  }
}

/** {@link readHeader}, with a memory for those that `worth` lets in: there are few of them, and they come with every request. */
export const createReadHeader = (worth: (header: ProtectedHeader) => boolean, now: () => number): ((text: string) => ProtectedHeader | null) =>
  remember(readHeader, { weigh: () => 1000, worth: (header) => header !== null && worth(header), now });
