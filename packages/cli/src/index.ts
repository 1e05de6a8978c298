export { type Io, processIo } from "./lib/io.ts";
export { run } from "./lib/run.ts";
