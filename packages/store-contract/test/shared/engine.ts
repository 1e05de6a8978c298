import type { Clock, SessionStore, SubjectIndex } from "@holdfast/session-core/store";
import { createTestClock } from "@holdfast/store-contract";

/** One store, in whose tests each connection is another server. */
export interface SharedEngine {
  /** A connection of its own, to rows that all connections of this engine share. `clock` decides where the store says `clock: "caller"`. */
  connect(clock?: Clock): Promise<Connection>;
  /** What a process of its own is told, to connect to the same rows: see `Worker`. */
  readonly address: string;
  /** Removes it after the test. */
  remove(): Promise<void>;
}

export type SharedStore = SessionStore & SubjectIndex;

export interface Connection {
  readonly store: SharedStore;
  close(): Promise<void>;
}

/** Makes an engine for one test. Where it is a server for several tests, they share it: each test has keys of its own, so no row of another. */
export type OpenEngine = () => Promise<SharedEngine>;

/** What an engine has no power for, so that it is not asked of it: to limit how many sessions a subject has, to keep what it once took. */
export type Lacking = readonly ("limits" | "keeping")[];

/** The time of a test, for both kinds of stores. */
export interface TestTime {
  /** The clock of the servers: on an engine with a clock of its own, theirs and the engine's are the machine's. */
  readonly clock: Clock;
  /** Lets a moment pass on all clocks: what is stamped after it is later than what was stamped before it. */
  tick(): Promise<void>;
  /** Moves the servers' clock. The engine's own stays where it is. */
  leap(ms: number): void;
}

export function testTime(clockOf: "caller" | "engine"): TestTime {
  const wait = async (): Promise<void> => undefined;
  if (clockOf === "caller") {
    const clock = createTestClock();
    return { clock: { now: clock.now, wait }, tick: async () => clock.advance(1000), leap: clock.advance };
  }
  let ahead = 0;
  return {
    clock: { now: () => Date.now() + ahead, wait },
    // The only clock that the engine knows does not move for anybody.
    tick: () => new Promise((resolve) => void setTimeout(resolve, 3)),
    leap: (ms) => void (ahead += ms),
  };
}
