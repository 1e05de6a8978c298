import type { Millis } from "@holdfast/session-protocol";
import type { Environment } from "./environment.ts";

/** Longest time a question may take, with its repetition. Shorter than the lease; only a touch that is refused, or a sign-out that waited, is followed by more. */
export const PATIENCE: Millis = 8000;
const LEASE: Millis = 10_000;

/** What a piece of work gets to know of its time. */
export interface Span {
  /** Aborted when the time is over. */
  readonly signal: AbortSignal;
  /** Resolves when it is. */
  readonly over: Promise<unknown>;
  /** Ends it early. */
  readonly end: () => void;
  /** Stops the clock: there is time without end. */
  readonly stay: () => void;
}

/** Work that has `ms` of the injected clock. */
export function within<T>({ setTimer }: Pick<Environment, "setTimer">, ms: Millis, work: (span: Span) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const { signal } = controller;
  const end = (): void => controller.abort();
  const stay = setTimer(end, ms);
  return work({ signal, end, stay, over: new Promise((resolve) => signal.addEventListener("abort", resolve)) }).finally(stay);
}

export const pause = ({ setTimer }: Pick<Environment, "setTimer">, ms: Millis): Promise<unknown> => new Promise<void>((go) => setTimer(go, ms));

/**
 * One tab at a time, so that those who come after find the work done. Only a courtesy to the server: who waits too long goes ahead, and what tabs do at
 * once is sound by the protocol. The lock is never held without work under way, never stolen, and given back when the page leaves: the back-forward cache
 * would keep it as long as the page.
 */
export async function alone<T>(env: Environment, key: string, work: () => Promise<T>): Promise<T> {
  let begun: Promise<T> | undefined;
  await within(env, LEASE, async ({ signal, end, stay, over }) => {
    const hold = (): Promise<unknown> => {
      stay();
      return Promise.race([(begun = work()), over]);
    };
    env.page?.window.addEventListener("pagehide", end, { signal });
    await (env.locks ? env.locks.request(key, { signal }, hold) : leased(env, `${key}:lease`, signal, hold)).finally(end);
  }).catch(() => undefined);
  // Not granted in time, or locks are forbidden here.
  return begun ?? work();
}

/** Without locks, as in pages that are no secure context: a note in the storage. Two tabs may slip through at the same instant. */
async function leased(env: Environment, key: string, signal: AbortSignal, work: () => Promise<unknown>): Promise<void> {
  while (!signal.aborted) {
    const left = Number.parseFloat(env.storage.getItem(key) ?? "") - env.now();
    if (!(left > 0 && left <= LEASE)) break;
    await pause(env, Math.min(left, 100 + 400 * env.random()));
  }
  const mine = `${env.now() + LEASE} ${env.random()}`;
  env.storage.setItem(key, mine);
  await work().finally(() => env.storage.getItem(key) === mine && env.storage.removeItem(key));
}
