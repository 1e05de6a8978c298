import { importJWK } from "jose/key/import";
import { fromBase64url } from "../bytes.ts";
import { configError } from "../errors.ts";
import { algorithmOf, type PublicJwk, type TokenAlgorithm } from "./algorithms.ts";
import { isKid } from "./parse-token.ts";

/** A key that may verify, under one algorithm only. */
export interface VerifyKey {
  readonly kid: string;
  readonly alg: TokenAlgorithm;
  /** On its way out: its traffic is worth an event. */
  readonly old: boolean;
  /** RSA with fewer than 3072 bits. */
  readonly short: boolean;
  /** Its public members as JSON: two with the same are one key. */
  readonly material: string;
  /** Imported once. Rejects for one that is no point of its curve. */
  load(): Promise<CryptoKey>;
}

export type VerifyKeys = ReadonlyMap<string, VerifyKey>;

/** Where the keys of an issuer come from. */
export interface KeySource {
  /** The key as it is known now, without waiting; `undefined` where asking {@link find} could tell more, or there is none. */
  peek(kid: string): VerifyKey | undefined;
  find(kid: string): Promise<VerifyKey | "unknown" | "unavailable">;
}

/** Keys as they are published (RFC 7517 section 5). */
export interface JsonWebKeySet {
  readonly keys: readonly PublicJwk[];
}

/** More is no set of signing keys. */
const MOST_KEYS = 100;
const PRIVATE = ["d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"];

/**
 * The keys of a set, or what is wrong with all of it: keys that nobody may publish, or two with one name. Those that are for something else
 * are left out (RFC 7517 section 5).
 */
export function readKeySet(value: unknown, isOld: (kid: string) => boolean = () => false): VerifyKeys | string {
  const list: unknown = Object(value).keys;
  if (!Array.isArray(list)) return "it is no JSON Web Key Set.";
  if (list.length > MOST_KEYS) return `it has more than ${MOST_KEYS} keys.`;
  const keys = new Map<string, VerifyKey>();
  const seen = new Set<unknown>();
  for (const entry of list as unknown[]) {
    const jwk = Object(entry) as PublicJwk;
    if (jwk.kty === "oct" || PRIVATE.some((name) => Object.hasOwn(jwk, name))) return "it has a private or symmetric key.";
    const { kid } = jwk;
    if (kid !== undefined && seen.has(kid)) return "it has two keys with one kid.";
    seen.add(kid);
    const alg = algorithmOf(jwk);
    if (alg !== undefined && isKid(kid)) keys.set(kid, verifyKey(jwk, kid, alg, isOld(kid)));
  }
  return keys;
}

function verifyKey({ kty, crv, x, y, n, e }: PublicJwk, kid: string, alg: TokenAlgorithm, old: boolean): VerifyKey {
  // Only what makes the key: no member of theirs decides how it is imported.
  const jwk = Object.fromEntries(Object.entries({ kty, crv, x, y, n, e }).filter(([, value]) => typeof value === "string"));
  let loading: Promise<CryptoKey> | undefined;
  return { kid, alg, old, short: kty === "RSA" && isShort(n), material: JSON.stringify(jwk), load: () => (loading ??= importJWK(jwk, alg) as Promise<CryptoKey>) };
}

/** Below 128 bits of strength (NIST SP 800-57 part 1 section 5.6.1). */
const isShort = (n = ""): boolean => {
  const modulus = fromBase64url(n) ?? new Uint8Array(0);
  const bytes = modulus.subarray(modulus.findIndex((byte) => byte !== 0));
  return bytes.length < 384 || (bytes.length === 384 && (bytes[0] ?? 0) < 0x80);
};

/** Keys that are all known: of one's own ring, or given by hand. */
export const fixedKeys = (keys: VerifyKeys): KeySource => ({
  peek: (kid) => keys.get(kid),
  find: async (kid) => keys.get(kid) ?? "unknown",
});

/** @throws HoldfastError `config` for a set that no key of can be used */
export function keySource(keys: KeySource | JsonWebKeySet | undefined): KeySource {
  if (typeof (keys as KeySource | undefined)?.peek === "function") return keys as KeySource;
  const read = readKeySet(keys);
  if (typeof read === "string") throw configError("keys", `cannot be used: ${read}`);
  if (read.size === 0) throw configError("keys", "has no key that verifies: each needs a kid, and an algorithm that fits its type.");
  return fixedKeys(read);
}
