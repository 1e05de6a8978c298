import type { Millis } from "@holdfast/session-protocol";
import { fromBase64url } from "../bytes.ts";
import { configError, oneOf } from "../errors.ts";
import type { PublicJwk } from "./algorithms.ts";
import { isKid } from "./parse-token.ts";

export type SigningAlgorithm = "ES256" | "Ed25519";

export interface SigningKey {
  /** Unique in the ring; travels in each token. The thumbprint of the key (RFC 7638) where {@link generateSigningKeys} made it. */
  readonly kid: string;
  readonly alg: SigningAlgorithm;
  /** `next`: published, signs nothing yet. `active`: signs; exactly one. `retired`: published until its last token is over. */
  readonly state: "next" | "active" | "retired";
  /** When it came into this state. */
  readonly since: Millis;
  /** When it came into the file: verifiers may have had it from then on. */
  readonly added: Millis;
  /** Of an active key: the one that signed before, which stays until `removeSigningKey` takes it out. Set by `promoteSigningKey`. */
  readonly after?: string | undefined;
  /** The private key, RFC 7517 and RFC 8037. */
  readonly jwk: { readonly kty: string; readonly crv: string; readonly x: string; readonly y?: string; readonly d: string };
}

/** The file of keys that sign access tokens: JSON, secret, the same on all servers that issue them. Apart from the key file of the sessions, which verifies nothing of it. */
export interface SigningKeyFile {
  readonly keys: readonly SigningKey[];
}

/** How long verifiers and caches may keep the published keys, unless told otherwise: what a key must be published before it signs. */
export const KEY_SET_AGE: Millis = 600_000;

/** @throws HoldfastError `config` naming the entry and the fix; never with key material in the message */
export function checkSigningKeys(file: SigningKeyFile): { readonly keys: readonly SigningKey[]; readonly active: SigningKey; readonly retired: ReadonlySet<string> } {
  if (!Array.isArray(file?.keys)) throw configError("keys", "must be a file of signing keys; make one with generateSigningKeys().");
  const keys = file.keys as readonly SigningKey[];
  const seen = new Set<string>();
  for (const { kid, alg, state, since, added, jwk } of keys) {
    if (!isKid(kid)) throw configError("keys.kid", "must be 1 to 128 letters, digits or any of _ - . ~ = + : @");
    const name = `keys[kid ${kid}]`;
    if (seen.has(kid)) throw configError(name, "appears twice; give every key a kid of its own.");
    oneOf(`${name}.alg`, alg, ["ES256", "Ed25519"]);
    oneOf(`${name}.state`, state, ["next", "active", "retired"]);
    if (!Number.isFinite(since) || !Number.isFinite(added) || added > since) throw configError(`${name}.since`, "and added must be times in milliseconds, the earlier one added.");
    if (!isPrivate(alg, jwk)) throw configError(`${name}.jwk`, `must be a private key for ${alg}; make one with generateSigningKeys().`);
    // One key under two names would outlive the removal of either.
    if (seen.has(jwk.x)) throw configError(`${name}.jwk`, "is used twice; every entry needs a key of its own.");
    seen.add(kid).add(jwk.x);
  }
  const count = (wanted: SigningKey["state"]): readonly SigningKey[] => keys.filter(({ state }) => state === wanted);
  const [active, another] = count("active");
  if (!active || another) throw configError("keys", 'must have exactly one key with state "active".');
  const { after } = active;
  if (after !== undefined && !seen.has(after)) throw configError("keys", `lack key ${isKid(after) ? after : "?"}, which signed before; removeSigningKey() knows when it may go.`);
  if (count("next").length > 1) throw configError("keys", 'may have one key with state "next" only.');
  return { keys, active, retired: new Set(count("retired").map(({ kid }) => kid)) };
}

const COORDINATE = { ES256: ["EC", "P-256", ["x", "y", "d"]], Ed25519: ["OKP", "Ed25519", ["x", "d"]] } as const;

function isPrivate(alg: SigningAlgorithm, jwk: SigningKey["jwk"] | undefined): boolean {
  const [kty, crv, members] = COORDINATE[alg];
  return jwk?.kty === kty && jwk.crv === crv && members.every((name) => typeof jwk[name] === "string" && fromBase64url(jwk[name])?.length === 32);
}

/** What the world may know of a key, member by member: whatever else the entry has stays here. */
export const publicJwk = ({ kid, alg, jwk: { kty, crv, x, y } }: SigningKey): PublicJwk & { readonly kid: string } => ({
  kty,
  crv,
  x,
  ...(y === undefined ? {} : { y }),
  kid,
  alg,
  use: "sig",
});
