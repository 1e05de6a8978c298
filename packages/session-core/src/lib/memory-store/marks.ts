import type { Millis } from "@holdfast/session-protocol";
import type { Partition } from "../port.ts";

/** As long as a session may live: no sign-in is accepted whose authentication is further back, so an older mark refuses nobody. */
const KEPT: Millis = 400 * 24 * 60 * 60 * 1000;

/** `notBefore` of each partition whose sessions were all ended in the last 400 days. */
export class Marks {
  /** In the order of stamping, so that the oldest are found first. */
  readonly #marks = new Map<Partition, Millis>();

  refuses(partition: Partition, began: Millis): boolean {
    const notBefore = this.#marks.get(partition);
    return notBefore !== undefined && began <= notBefore;
  }

  /** A mark never moves backwards, even where the clock does. */
  stamp(partition: Partition, now: Millis): Millis {
    this.forget(now);
    const notBefore = Math.max(now, this.#marks.get(partition) ?? now);
    this.#marks.delete(partition);
    this.#marks.set(partition, notBefore);
    return notBefore;
  }

  forget(now: Millis): void {
    for (const [partition, notBefore] of this.#marks) {
      if (notBefore > now - KEPT) return;
      this.#marks.delete(partition);
    }
  }
}
