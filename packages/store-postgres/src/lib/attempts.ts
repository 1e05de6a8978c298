import type { PostgresRun } from "./driver.ts";

/** How often a statement runs that the server rolls back for the sake of another one. */
const ATTEMPTS = 5;
/** Serialization failure and deadlock: the server says that nothing of the statement took effect. */
const ROLLED_BACK = ["40001", "40P01"];

/**
 * Runs statements again that were rolled back, and rejects with the signal's reason as soon as it fires. Nothing else is tried again: after
 * a broken connection nobody knows whether the write took effect.
 */
export function withAttempts(run: PostgresRun): PostgresRun {
  return async (statement, signal) => {
    for (let attempt = 1; ; attempt += 1) {
      signal?.throwIfAborted();
      try {
        return await unlessAborted(run(statement, signal), signal);
      } catch (fault) {
        const { code } = fault as { readonly code?: unknown };
        if (attempt === ATTEMPTS || !ROLLED_BACK.includes(String(code))) throw fault;
      }
    }
  };
}

/** The same promise, but rejected with the reason once the signal fires. What comes of it afterwards nobody hears. */
function unlessAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work;
  return new Promise<T>((resolve, reject) => {
    const abort = (): void => reject(signal.reason);
    signal.addEventListener("abort", abort);
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}
