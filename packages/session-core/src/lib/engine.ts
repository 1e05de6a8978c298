import type { Millis } from "@holdfast/session-protocol";
import type { Clock } from "./clock.ts";
import type { CsrfTokens } from "./csrf-tokens.ts";
import type { KnownEpoch } from "./epoch/known-epoch.ts";
import type { Emit } from "./events.ts";
import type { load } from "./request/load.ts";
import type { write } from "./request/write.ts";
import type { SessionId, SessionStore, SubjectEnder, SubjectIndex, Sweeper } from "./port.ts";
import type { readBody } from "./record.ts";
import type { DataCodec } from "./session/data.ts";
import type { Policy } from "./session/policy.ts";
import type { OpenOptions, SessionSource } from "./sessions.ts";
import type { ActiveState, GuestState } from "./session/state.ts";
import type { ReadSignals } from "./signals/sight.ts";
import type { KeyRing } from "./token/key-ring.ts";
import type { CookieTransport } from "./transport/cookie.ts";
import type { Incoming } from "./transport/source.ts";
import type { Watched } from "./watched.ts";

/** Shared by the requests that would make the same one. */
export interface Touching {
  readonly seenAt: Millis;
  readonly call: Promise<"touched" | "missing">;
}

/** What is fixed at construction and shared by all requests. */
export interface Engine<Data> {
  readonly store: SessionStore;
  /** The same store where it lists a subject's sessions. */
  readonly index: SubjectIndex | undefined;
  readonly ender: SubjectEnder | undefined;
  readonly sweeper: Sweeper | undefined;
  readonly ring: KeyRing;
  readonly realm: string;
  /** A request's way through the engine, in three steps; sealed sessions take others. With memories: sessions come again and again. */
  readonly incoming: (source: SessionSource, options: OpenOptions) => Incoming;
  readonly load: typeof load;
  readonly write: typeof write;
  readonly readBody: typeof readBody;
  readonly epoch: KnownEpoch;
  readonly policy: Policy;
  readonly cookies: CookieTransport;
  readonly csrf: CsrfTokens | undefined;
  readonly data: DataCodec<Data>;
  readonly clock: Clock;
  readonly guests: boolean;
  readonly onReuse: "revoke" | "refuse";
  readonly signals: ReadSignals | undefined;
  readonly project: (state: ActiveState<Data> | GuestState<Data>) => unknown;
  /** Whose end somebody in this process waits for. */
  readonly watched: Map<SessionId, Watched>;
  /** Touches on their way to the store. */
  readonly touches: Map<SessionId, Touching>;
  readonly line: <T>(key: string, work: () => Promise<T>) => Promise<T>;
  readonly emit: Emit;
}
