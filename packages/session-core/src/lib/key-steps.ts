import type { Millis } from "@holdfast/session-protocol";
import { randomBytes, toBase64url } from "./bytes.ts";
import { configError } from "./errors.ts";
import { type PolicyOptions, resolvePolicy } from "./session/policy.ts";
import { createKeyRing, type KeyEntry, type KeyRingFile } from "./token/key-ring.ts";
import { SKEW } from "./token/ratchet.ts";

export interface KeyStepOptions {
  /** Default: now. */
  readonly now?: Millis;
}

export interface RemoveKeyOptions extends KeyStepOptions {
  /** The policy of the sessions, which says how long the longest of them lives. */
  readonly policy: PolicyOptions | undefined;
}

/** How long every server must have had a key before it may sign, at the least. */
const SPREAD: Millis = 60_000;

/**
 * The first step of a roll-out: the file with one more key, that verifies only. Give it to all servers before the next step.
 *
 * @throws HoldfastError `config` for a file that is wrong, or that has a key on its way in already
 */
export function addKey(file: KeyRingFile, { now = Date.now() }: KeyStepOptions = {}): KeyRingFile {
  check(file);
  if (file.keys.some(({ state }) => state === "next")) throw configError("keys", "have a key with state \"next\" already; promote it first.");
  const ids = new Set(file.keys.map(({ id }) => id));
  let id = Math.max(...ids);
  do id = (id % 65_535) + 1;
  while (ids.has(id));
  return check({ ...file, keys: [...file.keys, { id, secret: toBase64url(randomBytes(32)), state: "next", since: now }] });
}

/**
 * The second step: the key that all servers have by now signs, and the one before only verifies. Servers may change over one by one.
 *
 * @throws HoldfastError `config` without a key to promote, or for one that is younger than a minute
 */
export function promoteKey(file: KeyRingFile, { now = Date.now() }: KeyStepOptions = {}): KeyRingFile {
  check(file);
  const next = file.keys.find(({ state }) => state === "next");
  if (!next) throw configError("keys", 'have no key with state "next"; add one with addKey() and give the file to all servers first.');
  if (now - next.since < SPREAD) throw configError(`keys[id ${next.id}]`, "is too young: a server that does not have it yet would refuse what it signs. Promote it when all have it, a minute after addKey() at the earliest.");
  const moved = ({ state, ...key }: KeyEntry): KeyEntry => ({ ...key, state: state === "next" ? "active" : "retired", since: state === "retired" ? key.since : now });
  return check({ ...file, keys: file.keys.map(moved) });
}

/**
 * The last step: without the retired key, once no credential of it can be alive. Such a credential is then refused as unknown (503), for good.
 *
 * @throws HoldfastError `config` for a key that is not retired, or not for as long as the longest session lives
 */
export function removeKey(file: KeyRingFile, id: number, { policy, now = Date.now() }: RemoveKeyOptions): KeyRingFile {
  check(file);
  const name = `keys[id ${id}]`;
  const key = file.keys.find((entry) => entry.id === id);
  if (key?.state !== "retired") throw configError(name, 'is not a key with state "retired".');
  const { absolute, guest } = resolvePolicy(policy);
  const from = key.since + Math.max(absolute, guest.absolute) + SKEW;
  if (now < from) throw configError(name, `may have signed sessions that still live; remove it after ${new Date(from).toISOString()}.`);
  return check({ ...file, keys: file.keys.filter((entry) => entry !== key) });
}

function check(file: KeyRingFile): KeyRingFile {
  createKeyRing(file, "default");
  return file;
}
