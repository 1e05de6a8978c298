import type { Millis } from "@holdfast/session-protocol";
import { configError } from "./errors.ts";
import { longestLife } from "./session/longest-life.ts";
import { type PolicyOptions, resolvePolicy } from "./session/policy.ts";
import { createKeyRing, type KeyEntry, type KeyRingFile, newSecret } from "./token/key-ring.ts";
import { SKEW } from "./token/ratchet.ts";
import { ROLL_OUT } from "./token/roll-out.ts";

export interface KeyStepOptions {
  /** Default: now. */
  readonly now?: Millis;
}

export interface PromoteKeyOptions extends KeyStepOptions {
  /** Also where it is too early: servers without the file answer 503 to what the key signs until they have it. Default false. */
  readonly force?: boolean;
}

export interface RemoveKeyOptions extends KeyStepOptions {
  /** The policy of the sessions, which says how long the longest of them lives. */
  readonly policy: PolicyOptions | undefined;
  /** Also where it is too early: sessions that only this key signed are shut out (503) until it is put back. Default false. */
  readonly force?: boolean;
}

/** What comes next for a key file. */
export interface KeyStep {
  /** `add`: begin a rotation, whenever you like. `promote`: the key on its way in signs. `remove`: the retired one goes. */
  readonly step: "add" | "promote" | "remove";
  /** Of the key that is promoted or removed. */
  readonly id?: number;
  /** From when on no request fails for it. */
  readonly from: Millis;
}

/**
 * What comes next, and from when on: {@link addKey}, {@link promoteKey} or {@link removeKey}. Of several retired keys, the one that can go first.
 *
 * @throws HoldfastError `config` for a file or a policy that is wrong
 */
export function nextKeyStep(file: KeyRingFile, { policy }: Pick<RemoveKeyOptions, "policy">): KeyStep {
  const { keys } = check(file);
  const next = keys.find(({ state }) => state === "next");
  if (next) return { step: "promote", id: next.id, from: promotable(next) };
  const [first] = keys.filter(({ state }) => state === "retired").toSorted((a, b) => a.since - b.since);
  if (first) return { step: "remove", id: first.id, from: removable(first, policy) };
  return { step: "add", from: keys.find(({ state }) => state === "active")?.since ?? 0 };
}

/**
 * The first step of a roll-out: the file with one more key, that verifies only. Give it to all servers before the next step.
 *
 * @throws HoldfastError `config` for a file that is wrong, or that has a key on its way in already
 */
export function addKey(file: KeyRingFile, { now = Date.now() }: KeyStepOptions = {}): KeyRingFile {
  check(file);
  if (file.keys.some(({ state }) => state === "next")) throw configError("keys", "have a key with state \"next\" already; promote it first.");
  return check({ ...file, keys: [...file.keys, { id: freeId(file), secret: newSecret(), state: "next", since: now }] });
}

/**
 * The file after one that is in other hands: `subjectKey` and all secrets are new, and one key of a new id signs. Nothing that the old file made lets anybody in any more.
 * The ids that it had stay, retired, with secrets that signed nothing: so their credentials are refused like forged ones, and not answered 503 as those of a key that is on its way.
 *
 * @throws HoldfastError `config` for a file that is wrong
 */
export function replaceKeys(file: KeyRingFile, { now = Date.now() }: KeyStepOptions = {}): KeyRingFile {
  check(file);
  const retired = file.keys.map(({ id }): KeyEntry => ({ id, secret: newSecret(), state: "retired", since: now }));
  return check({ subjectKey: newSecret(), keys: [...retired, { id: freeId(file), secret: newSecret(), state: "active", since: now }] });
}

/**
 * The second step: the key that all servers have by now signs, and the one before only verifies. Servers may change over one by one.
 *
 * @throws HoldfastError `config` without a key to promote, or for one that is younger than the five minutes that a roll-out may take
 */
export function promoteKey(file: KeyRingFile, { now = Date.now(), force = false }: PromoteKeyOptions = {}): KeyRingFile {
  check(file);
  const next = file.keys.find(({ state }) => state === "next");
  if (!next) throw configError("keys", 'have no key with state "next"; add one with addKey() and give the file to all servers first.');
  const from = promotable(next);
  if (now < from && !force) throw configError(`keys[id ${next.id}]`, `is too young: a server that does not have it yet would refuse what it signs. Promote it when all have it, after ${new Date(from).toISOString()} at the earliest.`);
  const before = file.keys.find(({ state }) => state === "active")?.id ?? 0;
  const moved = (key: KeyEntry): KeyEntry => {
    if (key === next) return { ...key, state: "active", since: now, after: before };
    return { ...key, state: "retired", since: key.state === "retired" ? key.since : now, after: undefined };
  };
  return check({ ...file, keys: file.keys.map(moved) });
}

/**
 * The last step: without the retired key, once no credential of it can be alive. Such a credential is then refused as unknown (503), for good.
 *
 * @throws HoldfastError `config` for a key that is not retired, or not for as long as a roll-out takes and the longest session lives after it
 */
export function removeKey(file: KeyRingFile, id: number, { policy, now = Date.now(), force = false }: RemoveKeyOptions): KeyRingFile {
  check(file);
  const name = `keys[id ${id}]`;
  const key = file.keys.find((entry) => entry.id === id);
  if (key?.state !== "retired") throw configError(name, 'is not a key with state "retired".');
  const from = removable(key, policy);
  if (now < from && !force) throw configError(name, `may have signed sessions that still live; remove it after ${new Date(from).toISOString()}.`);
  const freed = (entry: KeyEntry): KeyEntry => (entry.after === id ? { ...entry, after: undefined } : entry);
  return check({ ...file, keys: file.keys.filter((entry) => entry !== key).map(freed) });
}

const promotable = ({ since }: KeyEntry): Millis => since + ROLL_OUT;

/** A server that got the file late went on signing until then. */
const removable = ({ since }: KeyEntry, policy: PolicyOptions | undefined): Millis => since + ROLL_OUT + longestLife(resolvePolicy(policy)) + SKEW;

function freeId({ keys }: KeyRingFile): number {
  const ids = new Set(keys.map(({ id }) => id));
  let id = Math.max(...ids);
  do id = (id % 65_535) + 1;
  while (ids.has(id));
  return id;
}

function check(file: KeyRingFile): KeyRingFile {
  createKeyRing(file, "default");
  return file;
}
