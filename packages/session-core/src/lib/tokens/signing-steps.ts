import type { Millis } from "@holdfast/session-protocol";
import { exportJWK } from "jose/key/export";
import { generateKeyPair } from "jose/key/generate/keypair";
import { calculateJwkThumbprint } from "jose/jwk/thumbprint";
import { configError, oneOf } from "../errors.ts";
import { SKEW } from "../token/ratchet.ts";
import { ROLL_OUT } from "../token/roll-out.ts";
import { LONGEST_TOLERANCE } from "./claims.ts";
import { checkSigningKeys, KEY_SET_AGE, type SigningAlgorithm, type SigningKey, type SigningKeyFile } from "./signing-keys.ts";

export interface SigningStepOptions {
  /** Default: now. */
  readonly now?: Millis;
}

export interface NewSigningKeyOptions extends SigningStepOptions {
  /** Default: `ES256`, which every verifier has; of a ring, the algorithm of its active key. */
  readonly alg?: SigningAlgorithm;
}

export interface PromoteSigningKeyOptions extends SigningStepOptions {
  /** How long caches and verifiers may keep the published keys: `jwksMaxAge` of the tokens. Default 10 min. */
  readonly jwksMaxAge?: Millis;
  /** Also before the five minutes are over that a roll-out may take; never before `jwksMaxAge` is, since no server starts with such a file. Default false. */
  readonly force?: boolean;
}

export interface RemoveSigningKeyOptions extends SigningStepOptions {
  /** `lifetime` of the tokens: how long the last one that the key signed may live. */
  readonly lifetime: Millis;
  /** Also where it is too early: tokens that the key signed are then refused. Default false. */
  readonly force?: boolean;
}

/** What comes next for a file of signing keys. */
export interface SigningStep {
  /** `add`: begin a rotation, whenever you like. `promote`: the published key signs. `remove`: the retired one goes. */
  readonly step: "add" | "promote" | "remove";
  /** Of the key that is promoted or removed. */
  readonly kid?: string;
  /** From when on no request fails for it. */
  readonly from: Millis;
}

/** A fresh file with one active key. */
export async function generateSigningKeys({ alg = "ES256", now = Date.now() }: NewSigningKeyOptions = {}): Promise<SigningKeyFile> {
  return { keys: [await newKey(alg, "active", now)] };
}

/**
 * What comes next, and from when on: {@link addSigningKey}, {@link promoteSigningKey} or {@link removeSigningKey}. Of several retired keys, the one that can go first.
 *
 * @throws HoldfastError `config` for a file that is wrong
 */
export function nextSigningStep(file: SigningKeyFile, { lifetime, jwksMaxAge = KEY_SET_AGE }: Pick<RemoveSigningKeyOptions, "lifetime"> & Pick<PromoteSigningKeyOptions, "jwksMaxAge">): SigningStep {
  const { keys, active } = checkSigningKeys(file);
  const next = keys.find(({ state }) => state === "next");
  if (next) return { step: "promote", kid: next.kid, from: promotable(next, jwksMaxAge) };
  const [first] = keys.filter(({ state }) => state === "retired").toSorted((a, b) => a.since - b.since);
  return first ? { step: "remove", kid: first.kid, from: removable(first, lifetime) } : { step: "add", from: active.since };
}

/**
 * The first step of a roll-out: the file with one more key, which is published and signs nothing. Give it to all servers.
 *
 * @throws HoldfastError `config` for a file that is wrong, or that has a key on its way in already
 */
export async function addSigningKey(file: SigningKeyFile, { alg, now = Date.now() }: NewSigningKeyOptions = {}): Promise<SigningKeyFile> {
  const { keys, active } = checkSigningKeys(file);
  if (keys.some(({ state }) => state === "next")) throw configError("keys", 'have a key with state "next" already; promote it first.');
  return { keys: [...keys, await newKey(alg ?? active.alg, "next", now)] };
}

/**
 * The second step: the published key signs, and the one before is published until its tokens are over. Servers may change over one by one.
 *
 * @throws HoldfastError `config` without a key to promote, or for one that a verifier may not have seen yet
 */
export function promoteSigningKey(file: SigningKeyFile, { jwksMaxAge = KEY_SET_AGE, now = Date.now(), force = false }: PromoteSigningKeyOptions = {}): SigningKeyFile {
  const { keys, active } = checkSigningKeys(file);
  const next = keys.find(({ state }) => state === "next");
  if (!next) throw configError("keys", 'have no key with state "next"; add one with addSigningKey() and give the file to all servers first.');
  const from = promotable(next, jwksMaxAge);
  if (now < from - (force ? ROLL_OUT : 0)) throw configError(`keys[kid ${next.kid}]`, `is too young: a verifier that keeps the keys for ${jwksMaxAge / 1000} s may not know it yet. Promote it after ${new Date(from).toISOString()}.`);
  const moved = (key: SigningKey): SigningKey => {
    if (key === next) return { ...key, state: "active", since: now, after: active.kid };
    return key.state === "retired" ? key : { ...key, state: "retired", since: now, after: undefined };
  };
  return { keys: keys.map(moved) };
}

/**
 * The last step: without the retired key, once its last token is over by every clock.
 *
 * @throws HoldfastError `config` for a key that is not retired, or not for as long as a token lives
 */
export function removeSigningKey(file: SigningKeyFile, kid: string, { lifetime, now = Date.now(), force = false }: RemoveSigningKeyOptions): SigningKeyFile {
  const { keys } = checkSigningKeys(file);
  const name = `keys[kid ${kid}]`;
  const key = keys.find((entry) => entry.kid === kid);
  if (key?.state !== "retired") throw configError(name, 'is not a key with state "retired".');
  const from = removable(key, lifetime);
  if (now < from && !force) throw configError(name, `may have signed tokens that are still good; remove it after ${new Date(from).toISOString()}.`);
  const freed = (entry: SigningKey): SigningKey => (entry.after === kid ? { ...entry, after: undefined } : entry);
  return { keys: keys.filter((entry) => entry !== key).map(freed) };
}

const promotable = ({ added }: SigningKey, jwksMaxAge: Millis): Millis => added + jwksMaxAge + ROLL_OUT;

/** A server that got the file late went on signing until then. */
const removable = ({ since }: SigningKey, lifetime: Millis): Millis => since + ROLL_OUT + lifetime + LONGEST_TOLERANCE + SKEW;

async function newKey(alg: SigningAlgorithm, state: SigningKey["state"], now: Millis): Promise<SigningKey> {
  oneOf("alg", alg, ["ES256", "Ed25519"]);
  const { privateKey } = await generateKeyPair(alg, { extractable: true });
  const { kty = "", crv = "", x = "", y, d = "" } = await exportJWK(privateKey);
  const jwk = { kty, crv, x, ...(y === undefined ? {} : { y }), d };
  return { kid: await calculateJwkThumbprint(jwk), alg, state, since: now, added: now, jwk };
}
