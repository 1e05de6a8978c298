import type { Millis } from "@holdfast/session-protocol";
import { fromBase64url, randomBytes, toBase64url, utf8 } from "../bytes.ts";
import { configError, HoldfastError, oneOf } from "../errors.ts";
import { createMac, deriveKey, type Mac } from "../hash.ts";
import type { Partition, SessionId } from "../port.ts";
import { remember } from "../remember.ts";

export interface KeyEntry {
  /** 1 to 65535, unique in the ring; travels in every credential. */
  readonly id: number;
  /** At least 32 random bytes, base64url. */
  readonly secret: string;
  /** `next`: verifies only, on its way in. `active`: signs; exactly one. `retired`: verifies only, on its way out. */
  readonly state: "next" | "active" | "retired";
  /** When it came into this state. A retired key must stay until this plus the longest session life. */
  readonly since: Millis;
  /** Of an active key: the one that signed before, which stays until `removeKey` takes it out. Set by `promoteKey`. */
  readonly after?: number | undefined;
}

/** The key file: JSON, secret, the same on all servers of the application. */
export interface KeyRingFile {
  /**
   * At least 32 random bytes, base64url. Names subjects and sessions, lets nobody in, and is never rotated with the keys:
   * another value hides all earlier sessions from `list` and `revokeAll`.
   */
  readonly subjectKey: string;
  readonly keys: readonly KeyEntry[];
}

export type Transport = "cookie" | "bearer";

export interface RingKey {
  readonly id: number;
  readonly state: KeyEntry["state"];
  /** Until when its traffic is not told of again, if it is an old one. */
  quiet: Millis;
  tag(transport: Transport): Mac;
  /** The key of another purpose; distinct ones have distinct names. */
  derive(purpose: string): Uint8Array;
}

export interface KeyRing {
  readonly active: RingKey;
  find(id: number): RingKey | undefined;
  /** @throws HoldfastError `invalid_data` for what is no subject */
  partition(subject: string): Partition;
  handle(id: SessionId): string;
  /** The id of an auxiliary row. Its name cannot be read from it. */
  rowId(name: string): SessionId;
}

const SUBJECT = /^\P{Cs}{1,1024}$/u;
const PARTITION_BYTES = 9;
const HANDLE_BYTES = 12;
const ROW_ID_BYTES = 18;

/** A fresh key file with one active key. */
export function generateKeys(now: Millis = Date.now()): KeyRingFile {
  return { subjectKey: newSecret(), keys: [{ id: 1, secret: newSecret(), state: "active", since: now }] };
}

/** As a key file has it. */
export const newSecret = (): string => toBase64url(randomBytes(32));

/** @throws HoldfastError `config` naming the entry and the fix; never with key material in the message */
export function createKeyRing(file: KeyRingFile, realm: string): KeyRing {
  const subjectSecret = keyBytes("keys.subjectKey", file.subjectKey);
  const seen = new Set([file.subjectKey]);
  const ring = new Map<number, RingKey>();
  let active: RingKey | undefined;
  let before: number | undefined;
  if (!Array.isArray(file.keys)) throw configError("keys.keys", "must be an array of entries; make one with generateKeys().");
  for (const entry of file.keys as readonly KeyEntry[]) {
    const { id, secret, state, since, after } = entry;
    if (!Number.isInteger(id) || id < 1 || id > 65_535) throw configError("keys.id", "must be a whole number from 1 to 65535.");
    const name = `keys[id ${id}]`;
    if (ring.has(id)) throw configError(name, "appears twice; give every key an id of its own.");
    const bytes = keyBytes(`${name}.secret`, secret);
    if (seen.has(secret)) throw configError(`${name}.secret`, "is used twice; every key needs a secret of its own.");
    seen.add(secret);
    oneOf(`${name}.state`, state, ["next", "active", "retired"]);
    if (!Number.isFinite(since)) throw configError(`${name}.since`, "must be the time of its last change of state, in milliseconds.");
    const key = { id, state, quiet: 0, ...purposes(bytes, realm) };
    ring.set(id, key);
    if (state !== "active") continue;
    before = after;
    if (active) throw configError(name, `is active beside key ${active.id}; exactly one key may be active.`);
    active = key;
  }
  if (!active) throw configError("keys", 'has no key with state "active"; exactly one is needed.');
  if (before && !ring.has(before)) throw configError("keys", `lack key ${Number(before)}, which signed before; removeKey() says when it may go.`);

  const partitionMac = createMac(deriveKey(subjectSecret, "partition"));
  const handleMac = createMac(deriveKey(subjectSecret, `handle/${realm}`));
  const rowMac = createMac(deriveKey(subjectSecret, `row/${realm}`));
  return {
    active,
    find: (id) => ring.get(id),
    partition(subject) {
      // Lone surrogates would all become one character, and two subjects one.
      if (typeof subject !== "string" || !SUBJECT.test(subject)) throw new HoldfastError("invalid_data", "A subject must be well-formed text of 1 to 1024 characters.");
      return toBase64url(partitionMac(utf8.encode(`${realm}\0${subject}`)).subarray(0, PARTITION_BYTES)) as Partition;
    },
    handle: remember((id) => toBase64url(handleMac(utf8.encode(id)).subarray(0, HANDLE_BYTES)), { weigh: () => 500 }),
    rowId: (name) => toBase64url(rowMac(utf8.encode(name)).subarray(0, ROW_ID_BYTES)) as SessionId,
  };
}

function purposes(secret: Uint8Array, realm: string): Pick<RingKey, "tag" | "derive"> {
  const macs: Partial<Record<Transport, Mac>> = {};
  const derive = (purpose: string): Uint8Array => deriveKey(secret, purpose);
  return { derive, tag: (transport) => (macs[transport] ??= createMac(derive(`tag/${realm}/${transport}`))) };
}

function keyBytes(option: string, value: unknown): Uint8Array {
  const bytes = typeof value === "string" ? fromBase64url(value) : null;
  if (!bytes || bytes.length < 32) throw configError(option, "must be at least 32 random bytes in base64url; make one with generateKeys().");
  return bytes;
}
