import { defineConfig } from "tsup";
import { copied } from "./copied.ts";
import { joinChunks } from "./join-chunks.ts";

interface LibraryOptions {
  /** It loads parts of itself when they are called for; they stay files of their own, as does what they share. */
  readonly lazy?: boolean;
  /** Files, by name, that each module gets a copy of instead of sharing it: a few lines without state. */
  readonly copies?: readonly string[];
}

/**
 * The one build of every published package: ESM, one bundled file per entry, one shared file so classes exist once.
 */
export const library = (entries: readonly string[], { lazy = false, copies = [] }: LibraryOptions = {}): ReturnType<typeof defineConfig> =>
  defineConfig({
    entry: entries.map((name) => `src/${name}.ts`),
    format: "esm",
    target: "es2022",
    platform: "neutral",
    dts: true,
    splitting: true,
    esbuildPlugins: [copied(copies)],
    clean: true,
    tsconfig: "tsconfig.build.json",
    external: [/^node:/, /^bun:/, /^cloudflare:/],
    removeNodeProtocol: false,
    onSuccess: async () => (lazy ? undefined : joinChunks("dist")),
  });
