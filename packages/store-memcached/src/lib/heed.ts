/** The work, or the signal's reason once it fires. Work under way is not undone. */
export function heed<T>(signal: AbortSignal | undefined, work: Promise<T>): Promise<T> {
  if (signal === undefined) return work;
  return new Promise((resolve, reject) => {
    const fired = (): void => reject(signal.reason as Error);
    signal.addEventListener("abort", fired);
    // Every read passes here, and `finally` would cost a promise more.
    const done = <Value>(settle: (value: Value) => void) => (value: Value): void => {
      signal.removeEventListener("abort", fired);
      settle(value);
    };
    work.then(done(resolve), done<Error>(reject));
  });
}
