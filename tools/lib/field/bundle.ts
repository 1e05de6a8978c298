import { join } from "node:path";
import { build } from "esbuild";
import { root } from "../workspace.ts";
import { FIELD } from "./install.ts";

/** Frameworks that the application has anyway. */
const FRAMEWORKS = ["react", "react/*", "react-dom", "react-dom/*", "vue", "@angular/*", "rxjs", "rxjs/*", "next/*"];

/** One of the entries of the browser client as it is published. */
export const ours = (entry: string): string => JSON.stringify(join(root, "packages/session-browser/dist", `${entry}.js`));

/** As an application's build would: minified for the browser, everything pulled in but frameworks, unless `whole`. */
export async function bundle(contents: string, whole = false): Promise<Uint8Array> {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: FIELD },
    bundle: true,
    minify: true,
    write: false,
    format: "esm",
    platform: "browser",
    target: "es2022",
    tsconfigRaw: "{}",
    define: { "process.env.NODE_ENV": '"production"' },
    external: whole ? [] : FRAMEWORKS,
    logLevel: "error",
  });
  const [file] = outputFiles;
  if (!file) throw new Error("esbuild made no file");
  return file.contents;
}
