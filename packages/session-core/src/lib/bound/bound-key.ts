import type { Millis } from "@holdfast/session-protocol";
import { fromBase64url, toBase64url, utf8 } from "../bytes.ts";
import { digest } from "../hash.ts";
import { remember } from "../remember.ts";
import { isWeakRsa } from "../tokens/weak-rsa.ts";

/** What a browser may sign its proofs with (Device Bound Session Credentials). Never `none`. */
export type BoundAlgorithm = "ES256" | "RS256";

/** The public key of a device, of the one algorithm that it is for. */
export interface BoundKey {
  readonly alg: BoundAlgorithm;
  /** The public members, in the order of RFC 7638 section 3.2. */
  readonly jwk: Readonly<Record<string, string>>;
  /** RFC 7638, base64url of SHA-256. */
  readonly thumbprint: string;
}

const PRIVATE = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];
/** Longest modulus, in characters: 4096 bits. */
const LONGEST_MODULUS = 683;

/** The key that a registration brings; `undefined` for one that is private, of another algorithm, or weak. Never throws. */
export function keyFromJwk(jwk: unknown, alg: BoundAlgorithm): BoundKey | undefined {
  if (typeof jwk !== "object" || jwk === null || PRIVATE.some((name) => Object.hasOwn(jwk, name))) return undefined;
  const { kty, crv, x, y, n, e } = jwk as Readonly<Record<string, unknown>>;
  if (alg === "ES256") return kty === "EC" && crv === "P-256" && isCoordinate(x) && isCoordinate(y) ? ecKey(x, y) : undefined;
  return kty === "RSA" && e === "AQAB" && isModulus(n) ? rsaKey(n) : undefined;
}

/** A key as a session's record has it, and since when. */
export interface KeptKey extends BoundKey {
  readonly boundAt: Millis;
}

/** As a session's record keeps it: the thumbprint first. */
export const formatKey = ({ alg, jwk, thumbprint }: BoundKey, boundAt: Millis): string => [thumbprint, alg, Math.floor(boundAt).toString(36), ...(alg === "ES256" ? [jwk["x"], jwk["y"]] : [jwk["n"]])].join(" ");

/** `undefined` for what this release did not write: such a session has no key that could prove anything. */
export const parseKey: (text: string) => KeptKey | undefined = /* @__PURE__ */ remember(
  (text) => {
    const [thumbprint, alg, at = "", first = "", second = ""] = text.split(" ");
    const key = alg === "ES256" ? ecKey(first, second) : alg === "RS256" ? rsaKey(first) : undefined;
    const boundAt = parseInt(at, 36);
    return key && key.thumbprint === thumbprint && Number.isSafeInteger(boundAt) ? { ...key, boundAt } : undefined;
  },
  { weigh: ({ length }) => 4 * length, worth: (key) => key !== undefined },
);

const isBytes = (value: unknown, length: number): value is string => typeof value === "string" && value.length <= LONGEST_MODULUS && fromBase64url(value)?.length === length;
const isCoordinate = (value: unknown): value is string => isBytes(value, 32);

function isModulus(value: unknown): value is string {
  const bytes = typeof value === "string" && value.length <= LONGEST_MODULUS ? fromBase64url(value) : null;
  return bytes !== null && !isWeakRsa(bytes);
}

const ecKey = (x: string, y: string): BoundKey => withThumbprint("ES256", { crv: "P-256", kty: "EC", x, y });
const rsaKey = (n: string): BoundKey => withThumbprint("RS256", { e: "AQAB", kty: "RSA", n });

const withThumbprint = (alg: BoundAlgorithm, jwk: BoundKey["jwk"]): BoundKey => ({ alg, jwk, thumbprint: toBase64url(digest(utf8.encode(JSON.stringify(jwk)))) });
