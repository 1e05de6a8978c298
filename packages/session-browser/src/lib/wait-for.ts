/** One caller's waiting for what others wait for too: the signal ends the waiting, never the work. Rejects with the signal's reason. */
export const waitFor = <T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> =>
  signal
    ? new Promise((resolve, reject) => {
        signal.throwIfAborted();
        signal.addEventListener("abort", () => reject(signal.reason), { once: true });
        work.then(resolve, reject);
      })
    : work;
