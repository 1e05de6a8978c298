import type { SessionId } from "../port.ts";

/** What an engine tells a process of rows that changed: one ordered stream. `@holdfast/store-redis` has one. */
export interface Invalidations {
  /**
   * Begins to tell, and begins again by itself after every break. Returns what ends it.
   */
  listen(listener: InvalidationListener): () => void;
  /**
   * Asks the engine for a sign of life over the same stream: resolves after every change that was made before the call has been told. Rejects, or never
   * settles, while the stream is broken.
   */
  sync(): Promise<void>;
}

export interface InvalidationListener {
  /** This row was written, ended or removed, by whomever. */
  changed(id: SessionId): void;
  /** Changes may have been missed: the stream has (re)started, or the engine was emptied. Called before the stream is relied upon. */
  reset(): void;
}
