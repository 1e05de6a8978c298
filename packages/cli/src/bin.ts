#!/usr/bin/env node
import { processIo } from "./lib/io.ts";
import { run } from "./lib/run.ts";

// The code, and no exit: what was written to a pipe still has to arrive.
process.exitCode = await run(process.argv.slice(2), processIo());
