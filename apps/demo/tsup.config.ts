import { defineConfig } from "tsup";

const drivers = ["redis", "postgres", "mysql2", "miniflare"];

export default defineConfig([
  // Everything goes into the bundle, so that dist runs on a bare Node, Deno or Bun without node_modules; but for what is loaded only when a store, or Workers, are named.
  {
    entry: { main: "src/server/main.ts", deno: "src/server/deno.ts", bun: "src/server/bun.ts", workers: "src/server/workers.ts" },
    outDir: "dist/server",
    format: "esm",
    target: "node20",
    platform: "node",
    noExternal: [/^(?!node:|redis$|postgres$|mysql2|miniflare$)/],
    external: [/^node:/, ...drivers, /^mysql2/],
    removeNodeProtocol: false,
    splitting: true,
    clean: true,
    tsconfig: "tsconfig.build.json",
  },
  {
    entry: { worker: "src/worker/worker.ts" },
    outDir: "dist/worker",
    format: "esm",
    target: "es2022",
    platform: "neutral",
    noExternal: [/^(?!node:|cloudflare:)/],
    external: [/^node:/, /^cloudflare:/],
    removeNodeProtocol: false,
    splitting: false,
    clean: true,
    tsconfig: "tsconfig.build.json",
  },
]);
