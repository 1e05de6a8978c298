export { createTestClock, type TestClock } from "./lib/clock.ts";
export { describeStore } from "./lib/describe-store.ts";
export { testId, testPartition, testRow, testTombstone } from "./lib/rows.ts";
export type { StoreFactory, StoreUnderTest } from "./lib/suite.ts";
