import type { Clock, SessionId, SessionStore, StoreCapabilities, StoredSession, SubjectIndex, Sweeper, Tombstone } from "@holdfast/session-core/store";
import { isIndex, isSweeper } from "@holdfast/session-core/store-kit";
import { type CaseClock, createEngineClock, createTestClock } from "./clock.ts";
import { testRow, testTombstone } from "./rows.ts";

export interface StoreUnderTest {
  readonly store: SessionStore;
  /** Called after the case, also when it failed. */
  dispose?(): Promise<void>;
}

/** Called once per case. The store may share its engine with other cases: they use random ids of their own. */
export type StoreFactory = (clock: Clock) => Promise<StoreUnderTest>;

/** What a case works with. */
export interface Bench<Store extends SessionStore = SessionStore> {
  readonly store: Store;
  readonly clock: CaseClock;
  /** How long a row lives that the case wants to see expire. */
  readonly short: number;
  /**
   * What `act` finds of something that lives until `expiresAt`, and then waits for that end with `outlived`. What a slow machine finds only after it says
   * nothing, so `act` begins again then, with something that lives longer.
   */
  whileItLives<Found>(act: (expiresAt: number) => Promise<Found>): Promise<{ readonly found: Found; outlived(): Promise<void> }>;
  /** A row of this moment. */
  row(overrides?: Partial<StoredSession>): StoredSession;
  tombstone(overrides?: Partial<Tombstone>): Tombstone;
  /** What the store really holds: no cache, no replica. */
  look(id: SessionId): Promise<StoredSession | null>;
}

export type Indexed = SessionStore & SubjectIndex;
export type Swept = SessionStore & Sweeper;
type Run<Store extends SessionStore> = (bench: Bench<Store>) => Promise<void>;

/** What the cases are written against: one verb per power that they need. */
export interface Suite {
  readonly capabilities: StoreCapabilities;
  every(name: string, run: Run<SessionStore>): void;
  indexed(name: string, run: Run<Indexed>): void;
  swept(name: string, run: Run<Swept>): void;
}

/** Where cases go: to vitest, or to a test of the cases themselves. */
export interface Registrar {
  run(name: string, body: () => Promise<void>): void;
  /** A case that may find out only when it runs that it does not apply; `skip` does not return. */
  runOrSkip(name: string, body: (skip: (reason: string) => never) => Promise<void>): void;
  /** Stays visible in the report; the name ends with the reason. */
  skip(name: string): void;
}

export function createSuite(factory: StoreFactory, capabilities: StoreCapabilities, registrar: Registrar): Suite {
  const withBench = (run: Run<SessionStore>): Promise<void> => useBench(factory, capabilities.clock, run);
  return {
    capabilities,
    every(name, run) {
      registrar.run(name, () => withBench(run));
    },
    indexed(name, run) {
      if (!capabilities.index) {
        registrar.skip(`${name} (not run: capabilities.index is false, so subjects cannot be listed or limited)`);
        return;
      }
      registrar.run(name, () =>
        withBench((bench) => {
          if (!isIndex(bench.store)) throw new Error("capabilities.index is true, but `list` or `endAll` is missing");
          return run({ ...bench, store: bench.store });
        }),
      );
    },
    swept(name, run) {
      registrar.runOrSkip(name, (skip) =>
        withBench((bench) =>
          isSweeper(bench.store)
            ? run({ ...bench, store: bench.store })
            : skip("the store has no `sweep`: its engine must remove expired rows itself"),
        ),
      );
    },
  };
}

async function useBench(factory: StoreFactory, clockOf: StoreCapabilities["clock"], run: Run<SessionStore>): Promise<void> {
  const own = clockOf === "caller";
  const clock = own ? createTestClock() : createEngineClock();
  const { store, dispose } = await factory(clock);
  const short = own ? 60_000 : 400;
  try {
    await run({
      store,
      clock,
      short,
      async whileItLives(act) {
        for (let life = short; ; life *= 2) {
          const expiresAt = clock.now() + life;
          const found = await act(expiresAt);
          if (clock.now() < expiresAt) return { found, outlived: async () => clock.advance(Math.max(0, expiresAt - clock.now())) };
        }
      },
      row: (overrides) => testRow(overrides, clock.now()),
      tombstone: (overrides) => testTombstone(overrides, clock.now()),
      look: (id) => store.read(id, { authoritative: true }),
    });
  } finally {
    await dispose?.();
  }
}
