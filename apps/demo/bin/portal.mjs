#!/usr/bin/env node
import { existsSync } from "node:fs";

const cluster = process.argv.indexOf("--cluster", 2);
// Node, Deno and Bun have servers of their own; the application behind them is one.
const entry = process.versions.deno ? "deno" : process.versions.bun ? "bun" : "main";
const main = new URL(`../dist/server/${entry}.js`, import.meta.url);
if (cluster > 0) {
  // Balancer and Redis are found or installed by the tools of the repository.
  process.argv.splice(cluster, 1);
  process.argv.splice(2, 0, "cluster");
  await import("../../../tools/run.mjs");
} else if (existsSync(main)) {
  const { run } = await import(main.href);
  await run(process.argv.slice(2));
} else {
  console.error("The portal is not built. Run `npx -y pnpm@12.21.0 build` in the repository first.");
  process.exitCode = 1;
}
