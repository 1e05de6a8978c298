import type { SessionId } from "../port.ts";
import type { SessionSource } from "../sessions.ts";

/** Short keyed hashes by the signal's name: what a record keeps of the sender. */
export type Marks = Readonly<Record<string, string>>;

export interface SignalChange {
  /** Names of the signals that differ from what was taken at the sign-in. */
  readonly signals: readonly string[];
  /** The gravest action among them. */
  readonly action: "observe" | "elevate" | "revoke";
  /** Whether this process has not yet told of this very change. */
  readonly news: boolean;
}

/** What one request shows of its sender. Nothing is kept in clear. */
export interface Sight {
  marks(id: SessionId): Marks;
  compare(id: SessionId, taken: Marks): SignalChange | undefined;
}

/** What `createSessions({ signals })` takes: made by `createSignals()`. */
export type ReadSignals = (source: SessionSource, address: string | undefined) => Sight;
