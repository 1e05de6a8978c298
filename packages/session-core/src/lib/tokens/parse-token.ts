import { fromBase64url } from "../bytes.ts";
import { ALGORITHMS, type TokenAlgorithm } from "./algorithms.ts";
import { type Refused, refusal } from "./refused.ts";

/** What a token says about itself before anybody vouched for it: enough to find the key, and nothing of its claims. */
export interface TokenHead {
  readonly outcome: "parsed";
  readonly alg: TokenAlgorithm;
  readonly kid: string;
}

export interface TokenKind {
  /** In lower case, without `application/`; "" for none: `at+jwt` (RFC 9068 section 2.1). `undefined` where it is not asked about. */
  readonly typ: readonly string[] | undefined;
  readonly algorithms: readonly TokenAlgorithm[];
  /** In characters. */
  readonly maxLength: number;
}

// Three parts of unpadded base64url (RFC 7515 section 7.1): a JWE has five, the JSON serialization none.
const COMPACT = /^[\w-]+\.[\w-]*\.[\w-]+$/;
const KID = /^[\w\-.~=+:@]{1,128}$/;
/** Members that bring a key along or say where one is (RFC 8725 section 3.10), and those that change what is signed. */
const FOREIGN = ["jwk", "jku", "x5u", "x5c", "crit", "b64"];

/** A kid is looked up in a map, and nothing else is done with it. */
export const isKid = (value: unknown): value is string => typeof value === "string" && KID.test(value);

/** The JSON object in a part of a token, or in its payload; `undefined` for anything else. */
export function readObject(bytes: Uint8Array | null): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = bytes && JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
    return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

/** Checks everything that can be checked without a key. Never throws. */
export function parseToken(token: unknown, { typ, algorithms, maxLength }: TokenKind): TokenHead | Refused {
  if (typeof token !== "string") return refusal("malformed");
  if (token.length > maxLength) return refusal("too_long");
  if (!COMPACT.test(token) || token.split(".").some(({ length }) => length % 4 === 1)) return refusal("malformed");
  const header = readObject(fromBase64url(token.slice(0, token.indexOf("."))));
  if (!header) return refusal("malformed");
  if (typ && !typ.includes(kindOf(header["typ"]))) return refusal("type");
  const alg = ALGORITHMS.find((name) => name === header["alg"]);
  if (alg === undefined || !algorithms.includes(alg)) return refusal("algorithm");
  if (FOREIGN.some((name) => Object.hasOwn(header, name))) return refusal("header");
  const { kid } = header;
  return isKid(kid) ? { outcome: "parsed", alg, kid } : refusal("key");
}

/** Media types are compared without case, and `application/` may be left out (RFC 7515 section 4.1.9). */
const kindOf = (typ: unknown = ""): string => (typeof typ === "string" ? typ.toLowerCase().replace(/^application\//, "") : "?");
