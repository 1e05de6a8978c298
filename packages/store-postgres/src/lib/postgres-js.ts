import type { PostgresRun, PostgresValue } from "./driver.ts";

/** The part of the function that the npm package `postgres` makes. */
export interface PostgresJs {
  unsafe(text: string, values: PostgresValue[], options: { prepare: boolean }): { values(): PromiseLike<readonly (readonly unknown[])[]> };
}

/** The `sql` of the npm package `postgres`. Whether it may prepare statements is an option of its own: `postgres(url, { prepare: false })`. */
export function postgresJs(sql: PostgresJs): PostgresRun {
  let breaking: Promise<void> | undefined;
  // "Unsafe" is the driver's word for a text that was not written as a template; the values travel apart from it all the same.
  return async ({ name, text, values }) => {
    while (breaking) await breaking;
    try {
      return await sql.unsafe(text, [...values], { prepare: name !== undefined }).values();
    } catch (fault) {
      if (!isAnswer(fault)) await (breaking ??= aMoment().then(() => void (breaking = undefined)));
      throw fault;
    }
  };
}

const isAnswer = (fault: unknown): boolean => (fault as { readonly severity?: unknown }).severity !== undefined;

/**
 * The driver (3.4) rejects what was under way when a connection breaks, but still gives it queries until the socket has closed, a little later. Those
 * never settle, and the connection is lost to the pool for good. Core looks for a write at once whose answer was lost, so it would meet that each time.
 */
const aMoment = (): Promise<void> => new Promise((resolve) => void setTimeout(resolve, 0));
