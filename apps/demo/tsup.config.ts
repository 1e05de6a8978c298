import { defineConfig } from "tsup";

// Everything goes into the bundle, so that dist runs on a bare Node without node_modules.
export default defineConfig({
  entry: { main: "src/server/main.ts" },
  outDir: "dist/server",
  format: "esm",
  target: "node20",
  platform: "node",
  noExternal: [/^(?!node:)/],
  external: [/^node:/],
  removeNodeProtocol: false,
  splitting: true,
  clean: true,
  tsconfig: "tsconfig.build.json",
});
