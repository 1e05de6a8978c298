#!/usr/bin/env node
import { existsSync } from "node:fs";

// Node, Deno and Bun have servers of their own; the application behind them is one.
const entry = process.versions.deno ? "deno" : process.versions.bun ? "bun" : "main";
const main = new URL(`../dist/server/${entry}.js`, import.meta.url);
if (existsSync(main)) {
  const { run } = await import(main.href);
  await run(process.argv.slice(2));
} else {
  console.error("The portal is not built. Run `npx -y pnpm@12.21.0 build` in the repository first.");
  process.exitCode = 1;
}
