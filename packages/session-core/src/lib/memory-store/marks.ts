import type { Millis } from "@holdfast/session-protocol";
import { MARKS_KEPT } from "../store-kit/marks-kept.ts";
import type { Partition } from "../port.ts";

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
      if (notBefore > now - MARKS_KEPT) return;
      this.#marks.delete(partition);
    }
  }
}
