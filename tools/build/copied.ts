import { basename, resolve } from "node:path";
import type { Plugin } from "esbuild";

/**
 * Gives each module that imports one of these files a copy of its own. A few lines without state that two entries share would otherwise have both load the file that all
 * entries share. Never for a class, which has to be one.
 */
export const copied = (names: readonly string[]): Plugin => ({
  name: "copied",
  setup({ onResolve }) {
    onResolve({ filter: /^\.\.?\// }, ({ path, resolveDir, importer }) =>
      names.includes(basename(path, ".ts")) ? { path: resolve(resolveDir, path), suffix: `?${basename(importer)}` } : undefined,
    );
  },
});
