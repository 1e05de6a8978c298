import type { Millis } from "@holdfast/session-protocol";
import { equalBytes, fromBase64url, randomBytes, toBase64url } from "../bytes.ts";
import { digest } from "../hash.ts";
import type { Partition, SessionId } from "../port.ts";
import { remember } from "../remember.ts";
import type { KeyRing, RingKey, Transport } from "./key-ring.ts";

// partition[9] nonce[9] version[1] key[2] chain[1] step[2] secret[32] tag[16]
const VERSION = 1;
const AT = { nonce: 9, version: 18, key: 19, chain: 21, step: 22, secret: 24, tag: 56, end: 72 } as const;

export const CREDENTIAL_LENGTH = 96;
export const SECRET_BYTES = 32;
const ID_LENGTH = 24;
const ID_PATTERN = /^[A-Za-z0-9_-]{24}$/;

/** What a credential says, once its tag has been checked. */
export interface Credential {
  readonly id: SessionId;
  /** Counts sign-ins and elevations of this browser; 0 for a guest. */
  readonly chain: number;
  /** Counts the ratchet steps of the chain. */
  readonly step: number;
  readonly secret: Uint8Array;
  /** SHA-256 of the secret, as records hold it. */
  readonly hash: string;
}

export type Decoded =
  | { readonly kind: "authentic"; readonly credential: Credential; readonly key: RingKey }
  /** Of a key or a format that this server does not know: perhaps of one that is being rolled out. */
  | { readonly kind: "indeterminate"; readonly keyId: number; readonly chain: number }
  | { readonly kind: "malformed" | "forged" };

/** Checks form and tag, synchronously and without I/O. Never throws. */
export function decodeCredential(text: string, ring: KeyRing, transport: Transport): Decoded {
  if (text.length !== CREDENTIAL_LENGTH) return { kind: "malformed" };
  const bytes = fromBase64url(text);
  if (!bytes) return { kind: "malformed" };
  const keyId = uint16(bytes, AT.key);
  const chain = bytes[AT.chain] ?? 0;
  const key = ring.find(keyId);
  if (bytes[AT.version] !== VERSION || !key) return { kind: "indeterminate", keyId, chain };
  const tag = key.tag(transport)(bytes.subarray(0, AT.tag)).subarray(0, AT.end - AT.tag);
  if (!equalBytes(tag, bytes.subarray(AT.tag))) return { kind: "forged" };
  const secret = bytes.subarray(AT.secret, AT.tag);
  const credential = {
    id: text.slice(0, ID_LENGTH) as SessionId,
    chain,
    step: uint16(bytes, AT.step),
    secret,
    hash: hashSecret(secret),
  };
  return { kind: "authentic", credential, key };
}

export const hashSecret = (secret: Uint8Array): string => toBase64url(digest(secret));

/** {@link decodeCredential}, with a memory for good ones. */
export type Decode = Readonly<Record<Transport, (text: string) => Decoded>>;

export function createDecode(ring: KeyRing, now: () => Millis): Decode {
  const of = (transport: Transport): ((text: string) => Decoded) =>
    remember((text) => decodeCredential(text, ring, transport), { weigh: () => 1200, worth: ({ kind }) => kind === "authentic", now });
  return { cookie: of("cookie"), bearer: of("bearer") };
}

/** Writes a credential under the active key. */
export function encodeCredential(credential: Omit<Credential, "hash">, ring: KeyRing, transport: Transport): string {
  const bytes = new Uint8Array(AT.end);
  const { active } = ring;
  bytes.set(fromBase64url(credential.id) ?? [], 0);
  bytes[AT.version] = VERSION;
  bytes[AT.key] = active.id >> 8;
  bytes[AT.key + 1] = active.id;
  bytes[AT.chain] = credential.chain;
  bytes[AT.step] = credential.step >> 8;
  bytes[AT.step + 1] = credential.step;
  bytes.set(credential.secret, AT.secret);
  bytes.set(active.tag(transport)(bytes.subarray(0, AT.tag)).subarray(0, AT.end - AT.tag), AT.tag);
  return toBase64url(bytes);
}

/** A new id: in the subject's partition, or in a random one for a guest. */
export function newSessionId(partition?: Partition): SessionId {
  const nonce = toBase64url(randomBytes(partition ? AT.nonce : AT.version));
  return `${partition ?? ""}${nonce}` as SessionId;
}

export const isSessionId = (value: unknown): value is SessionId => typeof value === "string" && ID_PATTERN.test(value);

/** The chain of every guest session: there is one cookie for guests, and any sign-in is later. */
export const GUEST_CHAIN = 0;
/** Chains of sign-ins count from 1 to here and begin again. A multiple of the number of cookie names, so that neighbours never share one. */
const LAST_CHAIN = 224;

/** The chain that comes `by` after this one. */
export const chainAfter = (chain: number, by: number): number => ((chain - 1 + by) % LAST_CHAIN) + 1;

/** Whether chain `a` was begun after chain `b`, as serial numbers. */
export function isLaterChain(a: number, b: number): boolean {
  if (a === b || a === GUEST_CHAIN) return false;
  return b === GUEST_CHAIN || (a - b + LAST_CHAIN) % LAST_CHAIN < LAST_CHAIN / 2;
}

/** Whether the cookie of chain `a` is one that chain `b` has left behind, and none of those that the next ones take: names come again after thirty-two chains. */
export const isBehind = (a: number, b: number): boolean => a === GUEST_CHAIN || ((b - a) & 31) < 16;

const uint16 = (bytes: Uint8Array, at: number): number => ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
