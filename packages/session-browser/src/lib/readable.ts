/** What every binding needs: a headless store in the manner of nanostores. It works from the first listener until the last has left. */
export interface Readable<State> {
  /** The state at this moment; the same object until something changed. */
  get(): State;
  /** Calls at every change, and each second during a warning. Returns what ends it. */
  listen(listener: (state: State) => void): () => void;
  /** The same, and once at the start. */
  subscribe(listener: (state: State) => void): () => void;
}
