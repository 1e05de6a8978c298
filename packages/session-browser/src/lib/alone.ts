import type { Millis } from "@holdfast/session-protocol";
import type { Environment } from "./environment.ts";

/** Longest time a question may take, with its repetition. Shorter than the lease: whoever takes over never overlaps with work that goes on. */
export const PATIENCE: Millis = 8000;
const LEASE: Millis = 10_000;

/** A signal that aborts after `ms` of the injected clock, and what stops it. */
export function within({ setTimer }: Pick<Environment, "setTimer">, ms: Millis): { readonly signal: AbortSignal; readonly done: () => void } {
  const controller = new AbortController();
  return { signal: controller.signal, done: setTimer(() => controller.abort(), ms) };
}

export const pause = ({ setTimer }: Pick<Environment, "setTimer">, ms: Millis): Promise<unknown> => new Promise<void>((go) => setTimer(go, ms));

/**
 * One tab at a time, so that those who come after find the work done. Only a courtesy to the server: who waits too long goes ahead, and what tabs do at
 * once is sound by the protocol. The lock is never held without work under way, and never stolen.
 */
export async function alone<T>(env: Environment, key: string, work: () => Promise<T>): Promise<T> {
  if (!env.locks) return leased(env, `${key}:lease`, work);
  const { signal, done } = within(env, LEASE);
  let begun: Promise<T> | undefined;
  try {
    return (await env.locks.request(key, { signal }, () => {
      done();
      return (begun = work());
    })) as T;
  } catch {
    done();
    // Not granted in time, or locks are forbidden here.
    return begun ?? work();
  }
}

/** Without locks, as in pages that are no secure context: a note in the storage. Two tabs may slip through at the same instant. */
async function leased<T>(env: Environment, key: string, work: () => Promise<T>): Promise<T> {
  const { storage, now, random } = env;
  for (;;) {
    const left = Number.parseFloat(storage.getItem(key) ?? "") - now();
    if (!(left > 0 && left <= LEASE)) break;
    await pause(env, Math.min(left, 100 + 400 * random()));
  }
  const mine = `${now() + LEASE} ${random()}`;
  storage.setItem(key, mine);
  try {
    return await work();
  } finally {
    if (storage.getItem(key) === mine) storage.removeItem(key);
  }
}
