export { type Clock, systemClock } from "./lib/clock.ts";
export { HoldfastError, type HoldfastErrorCode } from "./lib/errors.ts";
export type { InvalidationListener, Invalidations } from "./lib/near-cache/invalidations.ts";
export type {
  CreateGuard,
  CreateResult,
  IndexedStore,
  ListPage,
  Partition,
  ReadOptions,
  SessionId,
  SessionStore,
  StoreCapabilities,
  StoredSession,
  StoreOptions,
  SubjectEnder,
  SubjectIndex,
  Sweeper,
  Tombstone,
} from "./lib/port.ts";
