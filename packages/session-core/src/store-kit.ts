export { isIndex } from "./lib/is-index.ts";
export { isSweeper } from "./lib/is-sweeper.ts";
export { createLine } from "./lib/line.ts";
export { partitionOf } from "./lib/partition-of.ts";
export { heed } from "./lib/store-kit/heed.ts";
export { MARKS_KEPT } from "./lib/store-kit/marks-kept.ts";
export { newestFirst, pageOf, placeOf } from "./lib/store-kit/pages.ts";
export { withAttempts } from "./lib/store-kit/with-attempts.ts";
