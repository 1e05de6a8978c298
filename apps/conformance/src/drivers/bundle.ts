import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

type Entry = "process" | "worker" | "page";

const at = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));

/** Of one of the entries, the suite in plain JavaScript. The packages are taken from their `dist`, by what they export. */
async function bundled(entry: Entry, packages: "bundle" | "external", conditions: readonly string[] = []): Promise<string> {
  if (!existsSync(at("node_modules/@holdfast/session-core/dist/index.js"))) throw new Error("The packages are not built; run the build first.");
  const { outputFiles } = await build({
    entryPoints: [at(`src/entries/${entry}.ts`)],
    bundle: true,
    write: false,
    format: "esm",
    target: "es2022",
    packages,
    conditions: [...conditions],
    // Without the workspace's path table, which leads to sources.
    tsconfigRaw: "{}",
    logLevel: "error",
  });
  return outputFiles[0]?.text ?? "";
}

/** For a process: a file beside node_modules, in which each runtime finds the packages by itself. */
export async function processFile(): Promise<string> {
  mkdirSync(at("dist"), { recursive: true });
  const file = at("dist/process.mjs");
  writeFileSync(file, await bundled("process", "external"));
  return file;
}

export const workerScript = (): Promise<string> => bundled("worker", "bundle", ["workerd", "worker"]);

export const pageScript = (): Promise<string> => bundled("page", "bundle", ["browser"]);
