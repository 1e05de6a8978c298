import { digest } from "../hash.ts";
import { toBase64url, utf8 } from "../bytes.ts";
import type { AccessTokenClaims } from "./claims.ts";
import type { VerifyKey } from "./key-set.ts";

/** A token whose signature was good, and whose unchanging claims were right. */
export interface Verified {
  readonly key: VerifyKey;
  readonly claims: AccessTokenClaims;
}

/** The tokens verified last, by a hash: the tokens themselves are not kept. */
export interface VerifiedTokens {
  get(hash: string): Verified | undefined;
  set(hash: string, verified: Verified): void;
}

/** Takes at most `entries` of them; the one verified or met longest ago goes first. */
export function verifiedTokens(entries: number): VerifiedTokens {
  const half = Math.ceil(entries / 2);
  let young = new Map<string, Verified>();
  let old = young;
  const set = (hash: string, verified: Verified): void => {
    if (young.size >= half) {
      old = young;
      young = new Map();
    }
    young.set(hash, verified);
  };
  return {
    get(hash) {
      const known = young.get(hash);
      if (known !== undefined) return known;
      const met = old.get(hash);
      if (met) set(hash, met);
      return met;
    },
    set,
  };
}

/** SHA-256: by node:crypto where the runtime has it in one call (Node 20.12, Bun, Deno), in JavaScript elsewhere. */
export function createHasher(): (token: string) => string {
  const { process } = globalThis as { process?: { getBuiltinModule?: (name: string) => unknown } };
  const { hash } = (process?.getBuiltinModule?.("node:crypto") ?? {}) as { hash?: (algorithm: string, data: string, encoding: string) => string };
  return hash ? (token) => hash("sha256", token, "base64url") : (token) => toBase64url(digest(utf8.encode(token)));
}
