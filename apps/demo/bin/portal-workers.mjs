#!/usr/bin/env node
import { existsSync } from "node:fs";

const main = new URL("../dist/server/workers.js", import.meta.url);
if (existsSync(main)) {
  const { run } = await import(main.href);
  await run(process.argv.slice(2));
} else {
  console.error("The portal is not built. Run `npx -y pnpm@12.21.0 build` in the repository first.");
  process.exitCode = 1;
}
