export { type Clock, systemClock } from "./lib/clock.ts";
export { HoldfastError, type HoldfastErrorCode } from "./lib/errors.ts";
export { heed } from "./lib/for-stores/heed.ts";
export { MARKS_KEPT } from "./lib/for-stores/marks-kept.ts";
export { pageOf, placeOf } from "./lib/for-stores/pages.ts";
export { withAttempts } from "./lib/for-stores/with-attempts.ts";
export type { InvalidationListener, Invalidations } from "./lib/near-cache/invalidations.ts";
export { partitionOf } from "./lib/partition-of.ts";
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
  SubjectIndex,
  Sweeper,
  Tombstone,
} from "./lib/port.ts";
