import type { Millis } from "@holdfast/session-protocol";
import type { HeldRead } from "./held.ts";
import type { ReadOptions, SessionId, SessionStore } from "./port.ts";

/** Where each verb takes its options. */
export const VERBS = { read: 1, create: 2, update: 2, touch: 3, end: 2, delete: 1, list: 1, endAll: 2, sweep: 2 } as const satisfies Record<string, number>;

type Verb = ((...args: unknown[]) => Promise<unknown>) & HeldRead;

/**
 * The same store, each call with a signal that fires when the time is over; the call then rejects too, whether the store heeds the signal or not.
 * One timer per call: measured, that costs less than a microsecond, and it stays within its request, which Workers demand of a timer.
 * It is real time on purpose, not the injected clock's: a clock that is set back must not keep a request waiting.
 */
export function withDeadline(store: SessionStore, timeout: Millis | "off"): SessionStore {
  if (timeout === "off" || store.capabilities.inProcess) return store;
  const timed: Record<string, unknown> = { capabilities: store.capabilities };
  for (const [name, at] of Object.entries(VERBS)) {
    const verb = (store as unknown as Record<string, Verb | undefined>)[name];
    if (!verb) continue;
    timed[name] = (...args: unknown[]) => {
      const given = args[at] as ReadOptions | undefined;
      const copy = !given?.authoritative && verb.held?.(args[0] as SessionId);
      if (copy) return Promise.resolve(copy);
      // `async`, since a store may throw instead of rejecting.
      return withinTime(timeout, name, given?.signal, async (signal) => {
        args[at] = { ...given, signal };
        return verb.apply(store, args);
      });
    };
  }
  return timed as unknown as SessionStore;
}

/** Rejects when the time is over, or when `given` fires, whether the work heeds its signal or not. The work rejects and never throws. */
export function withinTime<T>(timeout: Millis, name: string, given: AbortSignal | undefined, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const controller = new AbortController();
    const stop = (reason: unknown): void => {
      controller.abort(reason);
      reject(reason as Error);
    };
    const heed = (): void => stop(given?.reason);
    const timer = setTimeout(() => stop(new DOMException(`${name} took longer than ${timeout} ms`, "TimeoutError")), timeout);
    given?.addEventListener("abort", heed);
    work(controller.signal)
      .then(resolve, reject)
      .finally(() => {
        clearTimeout(timer);
        given?.removeEventListener("abort", heed);
      });
  });
}
