import type { Millis } from "@holdfast/session-protocol";
import type { SessionStore } from "./port.ts";

/** Where each verb takes its options. */
const VERBS = { read: 1, create: 2, update: 2, touch: 3, end: 2, delete: 1, list: 1, endAll: 2, sweep: 2 } as const satisfies Record<string, number>;

type Verb = (...args: unknown[]) => Promise<unknown>;

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
    timed[name] = (...args: unknown[]) =>
      new Promise((resolve, reject) => {
        const controller = new AbortController();
        const { signal } = controller;
        const timer = setTimeout(() => {
          controller.abort(new DOMException(`${name} took longer than ${timeout} ms`, "TimeoutError"));
          reject(signal.reason);
        }, timeout);
        args[at] = { ...(args[at] as object | undefined), signal };
        verb.apply(store, args).then(resolve, reject).finally(() => clearTimeout(timer));
      });
  }
  return timed as unknown as SessionStore;
}
