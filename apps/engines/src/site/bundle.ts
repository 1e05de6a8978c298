import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const PAGE = fileURLToPath(new URL("../page/page.ts", import.meta.url));
const BUILT = fileURLToPath(new URL("../../node_modules/@holdfast/session-browser/dist/index.js", import.meta.url));

/** The page's script with the client as it is published: from `dist`, by the exports of its package. */
export async function bundlePage(): Promise<string> {
  if (!existsSync(BUILT)) throw new Error("packages/session-browser is not built; run the build first.");
  // Without the workspace's path table, which leads to sources.
  const { outputFiles } = await build({ entryPoints: [PAGE], bundle: true, write: false, format: "esm", target: "es2022", tsconfigRaw: "{}", logLevel: "error" });
  const [file] = outputFiles;
  if (!file) throw new Error("esbuild made no file");
  return file.text;
}
