import type { Millis } from "@holdfast/session-protocol";
import { withinTime } from "./store-deadline.ts";

/**
 * A queue per key inside this process. Writers of one session that lost a race line up here instead of racing again;
 * measured, that takes the conflicts per write from dozens to one.
 * Nobody waits longer than `patience`, and then writes out of line: on Workers the work of a request whose client went away never ends.
 */
export function createLine(patience: Millis | "off"): <T>(key: string, work: () => Promise<T>) => Promise<T> {
  const tails = new Map<string, Promise<unknown>>();
  return <T>(key: string, work: () => Promise<T>): Promise<T> => {
    const ahead = tails.get(key);
    const turn = ahead && patience !== "off" ? withinTime(patience, key, undefined, () => ahead) : (ahead ?? Promise.resolve());
    const mine = turn.then(work, work);
    const tail = mine.catch(() => undefined);
    tails.set(key, tail);
    void tail.then(() => {
      if (tails.get(key) === tail) tails.delete(key);
    });
    return mine;
  };
}
