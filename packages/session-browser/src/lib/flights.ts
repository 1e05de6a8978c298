import type { Millis } from "@holdfast/session-protocol";

/** One question at a time. An answer only serves those who asked before it was sent: it may not know what came later. */
export interface Flights<Answer> {
  /** An answer to a question sent from now on; those who want one share it. */
  readonly fresh: () => Promise<Answer>;
  /** Any answer to a question sent at `since` or later, also the one on its way. */
  readonly join: (since: Millis) => Promise<Answer>;
}

export function createFlights<Answer>(ask: () => Promise<Answer>, now: () => Millis): Flights<Answer> {
  let current: Promise<Answer> | undefined;
  let next: Promise<Answer> | undefined;
  let sentAt: Millis = 0;
  const fly = (): Promise<Answer> => {
    next = undefined;
    sentAt = now();
    return (current = ask().finally(() => (current = undefined)));
  };
  const fresh = (): Promise<Answer> => (current ? (next ??= current.then(fly)) : fly());
  return { fresh, join: (since) => (current && sentAt >= since ? current : fresh()) };
}
