/** Who listens to the client. One that throws, leaves or joins while others are told disturbs nobody. */
export class Listeners<State> {
  readonly #all = new Set<{ readonly tell: (state: State) => void }>();

  get size(): number {
    return this.#all.size;
  }

  add(tell: (state: State) => void): () => boolean {
    const entry = { tell };
    this.#all.add(entry);
    return () => this.#all.delete(entry);
  }

  clear(): void {
    this.#all.clear();
  }

  /** Each hears the state of the moment, since one before it may have changed it. */
  tell(current: () => State): void {
    for (const entry of Array.from(this.#all)) {
      if (!this.#all.has(entry)) continue;
      try {
        entry.tell(current());
      } catch (error) {
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }
}
