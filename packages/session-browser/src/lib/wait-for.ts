/** One caller's waiting for what others wait for too: the signal ends the waiting, never work that has begun. Rejects with the signal's reason. */
export const waitFor = <T>(work: () => Promise<T>, signal: AbortSignal | undefined): Promise<T> =>
  signal
    ? new Promise((resolve, reject) => {
        signal.throwIfAborted();
        const stop = (): void => reject(signal.reason);
        signal.addEventListener("abort", stop);
        work().then(resolve, reject).finally(() => signal.removeEventListener("abort", stop));
      })
    : work();
