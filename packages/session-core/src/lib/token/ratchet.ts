import type { Millis } from "@holdfast/session-protocol";
import { randomBytes, toBase64url, utf8 } from "../bytes.ts";
import { mac } from "../hash.ts";
import { type Credential, hashSecret, isLaterChain, SECRET_BYTES } from "./credential.ts";

/** What the record holds of a chain: enough to check any secret of it and to make the next, and no secret itself. */
export interface Chain {
  readonly chain: number;
  /** 128 random bits as base64url. The text itself is the HMAC key: reading a row decodes nothing. */
  readonly chainKey: string;
  readonly step: number;
  /** SHA-256 of the current secret, base64url. */
  readonly hash: string;
  /** The same of its successor. */
  readonly nextHash: string;
  /** When the current step was first used: its predecessor is superseded since then. */
  readonly promotedAt: Millis;
  /** The same of the step before: everything older is superseded since then at the latest. */
  readonly promotedBefore: Millis;
}

/** The most steps an older secret is taken forward to prove that it belongs to the chain. */
const MAX_STEPS_BACK = 512;
/** The greatest difference between the clocks of two servers that may not turn a straggler into a thief. */
export const SKEW: Millis = 5000;
/** Step numbers travel in two bytes; a chain that reaches the last one is 45 days old or more. */
export const LAST_STEP = 65_535;

export type Verdict =
  | { readonly kind: "current" | "successor" | "predecessor" }
  /** Authentic, of this session, no longer accepted. Says nothing about theft: retry with the current cookie. */
  | { readonly kind: "superseded" }
  /** Proved to be an older secret of this chain, too late to be a straggler. */
  | { readonly kind: "reuse"; readonly stepsBehind: number }
  /** Authentic but not of this chain as the store knows it. Refused; never a reason to end anything. */
  | { readonly kind: "mismatch" };

const CHAIN_KEY_BYTES = 16;
export const nextSecret = (chainKey: string, secret: Uint8Array): Uint8Array => mac(utf8.encode(chainKey), secret);
export const newChainKey = (): string => toBase64url(randomBytes(CHAIN_KEY_BYTES));

/** Begins a chain with a given or a random first secret. */
export function beginChain(chain: number, now: Millis, chainKey = newChainKey(), secret = randomBytes(SECRET_BYTES)): { chain: Chain; secret: Uint8Array } {
  const hash = hashSecret(secret);
  const nextHash = hashSecret(nextSecret(chainKey, secret));
  return { chain: { chain, chainKey, step: 0, hash, nextHash, promotedAt: now, promotedBefore: now }, secret };
}

/** The chain after its successor secret was first used. */
export const promote = (chain: Chain, used: Uint8Array, now: Millis): Chain => ({
  ...chain,
  step: chain.step + 1,
  hash: chain.nextHash,
  nextHash: hashSecret(nextSecret(chain.chainKey, used)),
  promotedAt: now,
  promotedBefore: chain.promotedAt,
});

/**
 * Compares an authentic credential with the chain in the record. Hashes decide; the step number only says how far to look.
 * They may be compared in ordinary time: how far two digests agree says nothing about the secret, and only a credential with a good tag comes here.
 * A restored database that holds an older step meets its successor, which is a plain promotion.
 */
export function judge(chain: Chain, credential: Credential, now: Millis, overlap: Millis): Verdict {
  const { secret, hash } = credential;
  if (hash === chain.hash) return { kind: "current" };
  if (hash === chain.nextHash) return { kind: "successor" };
  if (credential.chain !== chain.chain) return { kind: isLaterChain(chain.chain, credential.chain) ? "superseded" : "mismatch" };
  const stepsBehind = chain.step - credential.step;
  if (stepsBehind < 1 || stepsBehind > MAX_STEPS_BACK || !leadsTo(chain, secret, stepsBehind)) return { kind: "mismatch" };
  const supersededAt = stepsBehind === 1 ? chain.promotedAt : chain.promotedBefore;
  if (stepsBehind === 1 && now < supersededAt + overlap) return { kind: "predecessor" };
  return now < supersededAt + overlap + SKEW ? { kind: "superseded" } : { kind: "reuse", stepsBehind };
}

function leadsTo(chain: Chain, secret: Uint8Array, steps: number): boolean {
  let walked = secret;
  for (let i = 0; i < steps; i++) walked = nextSecret(chain.chainKey, walked);
  return hashSecret(walked) === chain.hash;
}

/** Rule 1: whether the response to a request with the current secret may carry the next one. */
export function stepIsDue(chain: Chain, now: Millis, policy: { readonly renew: Millis | "off"; readonly overlap: Millis }, asked: boolean): boolean {
  const age = now - chain.promotedAt;
  if (age < policy.overlap) return false;
  return asked || (policy.renew !== "off" && age >= policy.renew);
}
