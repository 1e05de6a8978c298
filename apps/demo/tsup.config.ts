import { defineConfig } from "tsup";

// Everything goes into the bundle, so that dist runs on a bare Node without node_modules; but for the drivers of servers, which are loaded when one is named.
export default defineConfig({
  entry: { main: "src/server/main.ts" },
  outDir: "dist/server",
  format: "esm",
  target: "node20",
  platform: "node",
  noExternal: [/^(?!node:|redis$|postgres$|mysql2)/],
  external: [/^node:/, "redis", "postgres", /^mysql2/],
  removeNodeProtocol: false,
  splitting: true,
  clean: true,
  tsconfig: "tsconfig.build.json",
});
