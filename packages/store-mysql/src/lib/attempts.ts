import type { MysqlRun } from "./driver.ts";

/** How often a statement runs that the server rolls back for the sake of another one. */
const ATTEMPTS = 5;
/** Deadlock and a lock that was waited for too long: nothing of the statement took effect, and the procedures roll their transaction back. */
const ROLLED_BACK = [1213, 1205];

/**
 * Runs statements again that were rolled back, and rejects with the signal's reason as soon as it fires. Nothing else is tried again: after
 * a broken connection nobody knows whether the write took effect.
 */
export function withAttempts(run: MysqlRun): MysqlRun {
  return async (statement, signal) => {
    for (let attempt = 1; ; attempt += 1) {
      signal?.throwIfAborted();
      try {
        return await unlessAborted(run(statement, signal), signal);
      } catch (fault) {
        const { errno } = fault as { readonly errno?: number };
        if (attempt === ATTEMPTS || !ROLLED_BACK.includes(errno ?? 0)) throw fault;
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
