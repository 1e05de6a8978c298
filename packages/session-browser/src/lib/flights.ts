import type { Millis } from "@holdfast/session-protocol";

/** One question at a time. An answer only serves those who asked before it was sent: it may not know what came later. */
export class Flights<Answer> {
  readonly #ask: () => Promise<Answer>;
  readonly #now: () => Millis;
  #current: Promise<Answer> | undefined;
  #next: Promise<Answer> | undefined;
  #sentAt: Millis = 0;

  constructor(ask: () => Promise<Answer>, now: () => Millis) {
    this.#ask = ask;
    this.#now = now;
  }

  /** An answer to a question sent from now on; those who want one share it. */
  fresh(): Promise<Answer> {
    return this.#current ? (this.#next ??= this.#current.then(() => this.#fly())) : this.#fly();
  }

  /** Any answer to a question sent at `since` or later, also the one on its way. */
  join(since: Millis = 0): Promise<Answer> {
    return this.#current && this.#sentAt >= since ? this.#current : this.fresh();
  }

  #fly(): Promise<Answer> {
    this.#next = undefined;
    this.#sentAt = this.#now();
    const flight = this.#ask().finally(() => (this.#current = undefined));
    this.#current = flight;
    return flight;
  }
}
