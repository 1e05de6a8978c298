export { type Kept, wipeAtEnd, type WipeOptions } from "./lib/wipe-at-end.ts";
