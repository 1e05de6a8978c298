import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const BUILT = fileURLToPath(new URL("../../node_modules/@holdfast/session-browser/dist/index.js", import.meta.url));

/** Scripts of the site: that of its pages, and that of a document in a frame. */
export interface Scripts {
  readonly page: string;
  readonly frame: string;
}

/** With the client as it is published: from `dist`, by the exports of its package. */
export async function bundleScripts(): Promise<Scripts> {
  if (!existsSync(BUILT)) throw new Error("packages/session-browser is not built; run the build first.");
  // Without the workspace's path table, which leads to sources.
  const bundled = async (name: keyof Scripts): Promise<string> => {
    const entry = fileURLToPath(new URL(`../page/${name}.ts`, import.meta.url));
    const { outputFiles } = await build({ entryPoints: [entry], bundle: true, write: false, format: "esm", target: "es2022", tsconfigRaw: "{}", logLevel: "error" });
    const [file] = outputFiles;
    if (!file) throw new Error("esbuild made no file");
    return file.text;
  };
  return { page: await bundled("page"), frame: await bundled("frame") };
}
