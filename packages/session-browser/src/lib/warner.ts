import type { Millis, Seconds } from "@holdfast/session-protocol";

/** What the dialog needs of a session client or an idle timer. */
export interface Warner {
  subscribe(listener: (state: Warned) => void): () => void;
  extend(): boolean | Promise<boolean>;
  logout?(): unknown;
}

/** What it reads of their states. */
export interface Warned {
  readonly status: string;
  readonly by?: "idle" | "absolute";
  readonly endsIn?: Millis;
  readonly view?: { readonly idleFor?: Seconds; readonly expiresIn?: Seconds; readonly authenticatedAgo?: Seconds };
}
