import { equalBytes, fromBase64url, randomBytes, toBase64url, utf8 } from "./bytes.ts";
import { configError } from "./errors.ts";
import { createMac } from "./hash.ts";
import { createKeyRing, type KeyRingFile } from "./token/key-ring.ts";
import { perKey } from "./token/per-key.ts";

export interface CsrfTokenOptions {
  /** The key file of the sessions. Tokens have a key of their own, derived from it. */
  readonly keys: KeyRingFile;
  /** The realm of the sessions. Default `default`. */
  readonly realm?: string;
}

/** Signed CSRF tokens that belong to one session and die with it (OWASP CSRF cheat sheet, signed double submit). */
export interface CsrfTokens {
  /** A token for a page of this session; another one each time, so that compressed pages do not give it away (BREACH). */
  issue(sessionId: string): string;
  /** Whether the token was issued for this session, under any key of the ring. Never throws. */
  verify(sessionId: string, token: unknown): boolean;
}

// key[2] random[16] mac[32]
const AT = { random: 2, mac: 18, end: 50 } as const;
const TOKEN_LENGTH = 67;

/**
 * Tokens need no store: what makes one valid is the session it names, so it is worthless with any other and after the next sign-in.
 *
 * @throws HoldfastError `config` for a key file that is wrong
 */
export function createCsrfTokens(options: CsrfTokenOptions): CsrfTokens {
  const { keys, realm = "default" } = options;
  if (!keys) throw configError("keys", "are needed: the key file that createSessions gets.");
  const ring = createKeyRing(keys, realm);
  const macOf = perKey((key) => createMac(key.derive(`csrf/${realm}`)));

  return {
    issue(sessionId) {
      const { active } = ring;
      const bytes = new Uint8Array(AT.end);
      bytes[0] = active.id >> 8;
      bytes[1] = active.id;
      bytes.set(randomBytes(AT.mac - AT.random), AT.random);
      bytes.set(macOf(active)(messageOf(sessionId, bytes)), AT.mac);
      return toBase64url(bytes);
    },
    verify(sessionId, token) {
      if (typeof token !== "string" || token.length !== TOKEN_LENGTH) return false;
      const bytes = fromBase64url(token);
      const key = bytes && ring.find(((bytes[0] ?? 0) << 8) | (bytes[1] ?? 0));
      return key ? equalBytes(macOf(key)(messageOf(sessionId, bytes)), bytes.subarray(AT.mac)) : false;
    },
  };
}

/** Each part after its length: no two pairs of session and random read the same. */
function messageOf(sessionId: string, token: Uint8Array): Uint8Array {
  const id = utf8.encode(sessionId);
  const random = token.subarray(AT.random, AT.mac);
  const message = new Uint8Array(8 + id.length + random.length);
  const view = new DataView(message.buffer);
  view.setUint32(0, id.length);
  message.set(id, 4);
  view.setUint32(4 + id.length, random.length);
  message.set(random, 8 + id.length);
  return message;
}
