import type { PostgresRun, PostgresValue } from "./driver.ts";

/** The part of the function that the npm package `postgres` makes. */
export interface PostgresJs {
  unsafe(text: string, values: PostgresValue[], options: { prepare: boolean }): { values(): PromiseLike<readonly (readonly unknown[])[]> };
}

/** The `sql` of the npm package `postgres`. Whether it may prepare statements is an option of its own: `postgres(url, { prepare: false })`. */
export function postgresJs(sql: PostgresJs): PostgresRun {
  // "Unsafe" is the driver's word for a text that was not written as a template; the values travel apart from it all the same.
  return async ({ name, text, values }) => sql.unsafe(text, [...values], { prepare: name !== undefined }).values();
}
