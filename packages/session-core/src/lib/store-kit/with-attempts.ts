import { heed } from "./heed.ts";

/** How often a statement runs that the server rolls back for the sake of another one. */
const ATTEMPTS = 5;

/**
 * The same way to run a statement, but again after a fault for which `rolledBack` is true: the server said that nothing took effect. Rejects with the
 * signal's reason as soon as it fires. Nothing else is tried again: after a broken connection nobody knows whether a write took effect.
 */
export function withAttempts<Statement, Result>(
  run: (statement: Statement, signal?: AbortSignal) => Promise<Result>,
  rolledBack: (fault: { readonly code?: unknown; readonly errno?: unknown }) => boolean,
): (statement: Statement, signal?: AbortSignal) => Promise<Result> {
  return async (statement, signal) => {
    for (let attempt = 1; ; attempt++) {
      signal?.throwIfAborted();
      try {
        return await heed(signal, run(statement, signal));
      } catch (fault) {
        if (attempt === ATTEMPTS || !rolledBack(fault as object)) throw fault;
      }
    }
  };
}
