import { build, type Plugin } from "esbuild";
import { readFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import type { Simulator, Sum } from "./simulation.ts";

/** A change of one place in the sources of a package, by which a rule is removed. */
export interface Edit {
  /** Below packages/. */
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

const root = fileURLToPath(new URL("../../../../", import.meta.url));

/**
 * A simulator and the sources that it simulates in one file, with the edits applied.
 * @throws Error when an edit does not fit its file exactly once: the rule has moved, and its removal must be written anew.
 */
export async function bundle(outfile: string, { entry, inject = [] }: Pick<Simulator<Sum>, "entry" | "inject">, edits: readonly Edit[] = []): Promise<void> {
  const applied = new Set<Edit>();
  const { paths } = (JSON.parse(await readFile(join(root, "tsconfig.json"), "utf8")) as { compilerOptions: { paths: Record<string, [string]> } }).compilerOptions;
  const mutate: Plugin = {
    name: "edits",
    setup({ onLoad }) {
      onLoad({ filter: /packages\/.*\.ts$/ }, async ({ path }) => {
        let contents = await readFile(path, "utf8");
        for (const edit of edits.filter(({ file }) => relative(join(root, "packages"), path) === file)) {
          if (contents.split(edit.find).length !== 2) throw new Error(`${edit.file} does not hold exactly once: ${edit.find}`);
          contents = contents.replace(edit.find, () => edit.replace);
          applied.add(edit);
        }
        return { contents, loader: "ts" };
      });
    },
  };
  await build({
    entryPoints: [entry],
    inject: [...inject],
    outfile,
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node22",
    logLevel: "silent",
    alias: Object.fromEntries(Object.entries(paths).map(([name, [file]]) => [name, join(root, file)])),
    plugins: [mutate],
  });
  const missed = edits.find((edit) => !applied.has(edit));
  if (missed) throw new Error(`${missed.file} is not part of the simulation.`);
}
