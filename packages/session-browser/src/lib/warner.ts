import type { Millis, Seconds } from "@holdfast/session-protocol";

/** What the dialog needs of a session client or an idle timer. */
export interface Warner {
  /** What it knows of its limits from the beginning; a session client has them in the view. */
  readonly limits?: Limits;
  subscribe(listener: (state: Warned) => void): () => void;
  extend(): boolean | Promise<boolean>;
  logout?(): unknown;
}

/** Times of a session or an idle timer, in seconds. */
export interface Limits {
  readonly idleFor?: Seconds;
  readonly expiresIn?: Seconds;
  readonly authenticatedAgo?: Seconds;
}

/** What it reads of their states. */
export interface Warned {
  readonly status: string;
  readonly by?: "idle" | "absolute";
  readonly endsIn?: Millis;
  readonly view?: Limits;
}
