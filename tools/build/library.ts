import { defineConfig } from "tsup";
import { joinChunks } from "./join-chunks.ts";

/**
 * The one build of every published package: ESM, one bundled file per entry, one shared file so classes exist once.
 *
 * @param lazy it loads parts of itself when they are called for; they stay files of their own, as does what they share
 */
export const library = (entries: readonly string[], { lazy = false } = {}): ReturnType<typeof defineConfig> =>
  defineConfig({
    entry: entries.map((name) => `src/${name}.ts`),
    format: "esm",
    target: "es2022",
    platform: "neutral",
    dts: true,
    splitting: true,
    clean: true,
    tsconfig: "tsconfig.build.json",
    external: [/^node:/, /^bun:/, /^cloudflare:/],
    removeNodeProtocol: false,
    onSuccess: async () => (lazy ? undefined : joinChunks("dist")),
  });
