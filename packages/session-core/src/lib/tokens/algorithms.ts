import { fromBase64url } from "../bytes.ts";
import { configError } from "../errors.ts";
import { isWeakRsa } from "./weak-rsa.ts";

/**
 * What may be verified (RFC 7518, RFC 8037, RFC 9864). `EdDSA` is the older name of `Ed25519`. The RSA ones are for other issuers; nothing here
 * signs with them. There is no `none`, and nothing with a shared secret.
 */
export type TokenAlgorithm = "ES256" | "Ed25519" | "EdDSA" | "RS256" | "PS256";

export const ALGORITHMS: readonly TokenAlgorithm[] = ["ES256", "Ed25519", "EdDSA", "RS256", "PS256"];

/** A public key as JSON (RFC 7517). */
export interface PublicJwk {
  readonly kty: string;
  readonly kid?: string;
  readonly alg?: string;
  readonly use?: string;
  readonly key_ops?: readonly string[];
  readonly crv?: string;
  readonly x?: string;
  readonly y?: string;
  readonly n?: string;
  readonly e?: string;
}

/**
 * The one algorithm of a key: what it says, if its type allows that, else what its type stands for (RFC 8725 section 3.1). `undefined` for
 * one that must not verify: of another type or use, or too weak.
 */
export function algorithmOf({ kty, crv, alg, use, key_ops: ops, n, e }: PublicJwk): TokenAlgorithm | undefined {
  if (use !== undefined && use !== "sig") return undefined;
  if (ops !== undefined && !(Array.isArray(ops) && ops.includes("verify"))) return undefined;
  const fitting = algorithmsOf(kty, crv, n, e);
  return alg === undefined ? fitting[0] : fitting.find((name) => name === alg);
}

function algorithmsOf(kty: string, crv: unknown, n: unknown, e: unknown): readonly TokenAlgorithm[] {
  if (kty === "EC") return crv === "P-256" ? ["ES256"] : [];
  if (kty === "OKP") return crv === "Ed25519" ? ["Ed25519", "EdDSA"] : [];
  if (kty !== "RSA" || typeof n !== "string" || e !== "AQAB") return [];
  const modulus = fromBase64url(n);
  return modulus && !isWeakRsa(modulus) ? ["RS256", "PS256"] : [];
}

/** @throws HoldfastError `config` for a list that is empty or names what is never verified */
export function checkAlgorithms(algorithms: readonly TokenAlgorithm[]): readonly TokenAlgorithm[] {
  if (!(Array.isArray(algorithms) && algorithms.length > 0 && algorithms.every((name) => ALGORITHMS.includes(name)))) throw configError("algorithms", `must be some of ${ALGORITHMS.join(", ")}.`);
  return algorithms;
}

/** Two names of one algorithm are one (RFC 9864 section 2.2). */
export const sameAlgorithm = (one: string, other: string): boolean => newName(one) === newName(other);

const newName = (name: string): string => (name === "EdDSA" ? "Ed25519" : name);
