import { fromBase64url, utf8 } from "../bytes.ts";
import { type BoundAlgorithm, type BoundKey, keyFromJwk } from "./bound-key.ts";

/**
 * Why a proof does not count.
 * - `missing`, `malformed`: none came, or no compact JWS of two JSON objects.
 * - `type`: not `dbsc+jwt`. `algorithm`: not on the list, or not the key's own. `header`: a key where none may be, or something critical.
 * - `key`: none, a private one, a weak one, or not of this algorithm. `signature`.
 * - `challenge`: not ours, or too old. `authorization`: not the one of this registration. `audience`: made for another address.
 */
export type ProofFault = "missing" | "malformed" | "type" | "algorithm" | "header" | "key" | "signature" | "challenge" | "authorization" | "audience";

export interface Proven {
  readonly outcome: "proven";
  readonly key: BoundKey;
  /** What was signed. Nothing of it is checked yet. */
  readonly claims: Readonly<Record<string, unknown>>;
}

export interface Unproven {
  readonly outcome: "unproven";
  readonly why: ProofFault;
}

/** What the browser signs with: the key that the proof brings, at the registration only, or the one that is stored. */
export type Expected = { readonly register: readonly BoundAlgorithm[] } | { readonly stored: BoundKey };

const LONGEST = 8192;
const COMPACT = /^[\w-]+\.[\w-]+\.[\w-]+$/;
/** Members that name another key or say where one is (RFC 8725 section 3.10), and those that change what is signed. */
const FOREIGN = ["jku", "x5u", "x5c", "crit", "b64"];
const PARAMETERS = {
  ES256: { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" },
  RS256: { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" },
} as const;

const unproven = (why: ProofFault): Unproven => ({ outcome: "unproven", why });

/** Whether the holder of the private key made this (Device Bound Session Credentials, "Format of the JWT"). Never rejects. */
export async function verifyProof(token: string | undefined, expected: Expected): Promise<Proven | Unproven> {
  if (token === undefined) return unproven("missing");
  if (token.length > LONGEST || !COMPACT.test(token)) return unproven("malformed");
  const [head = "", payload = "", mac = ""] = token.split(".");
  const header = readJson(head);
  const claims = readJson(payload);
  const signature = fromBase64url(mac);
  if (!header || !claims || !signature) return unproven("malformed");
  if (header["typ"] !== "dbsc+jwt") return unproven("type");
  const allowed = "stored" in expected ? [expected.stored.alg] : expected.register;
  const alg = allowed.find((name) => name === header["alg"]);
  if (alg === undefined) return unproven("algorithm");
  if (FOREIGN.some((name) => Object.hasOwn(header, name)) || ("stored" in expected && Object.hasOwn(header, "jwk"))) return unproven("header");
  const key = "stored" in expected ? expected.stored : keyFromJwk(header["jwk"], alg);
  if (!key) return unproven("key");
  const { subtle } = globalThis.crypto;
  const parameters = PARAMETERS[alg];
  // What is no point of the curve is no key.
  const imported = await subtle.importKey("jwk", { ...key.jwk }, parameters, false, ["verify"]).catch(() => undefined);
  if (!imported) return unproven("key");
  const good = await subtle.verify(parameters, imported, signature as Uint8Array<ArrayBuffer>, utf8.encode(`${head}.${payload}`)).catch(() => false);
  return good ? { outcome: "proven", key, claims } : unproven("signature");
}

function readJson(part: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const bytes = fromBase64url(part);
    const value: unknown = bytes && JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
    return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
