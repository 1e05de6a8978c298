import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";

/**
 * esbuild makes a chunk for each set of entries that have code in common, and importing costs by the file: with five subpaths the main
 * entry opened seven. This joins them into one, `shared.js`; bundlers drop from it what an application does not use.
 */
export async function joinChunks(dist: string): Promise<void> {
  const files = readdirSync(dist).filter((name) => name.endsWith(".js"));
  const chunks = files.filter((name) => name.startsWith("chunk-"));
  if (chunks.length < 2) return;
  // In the order of the main entry: by their names, which are hashes, each change anywhere would shuffle what bundlers compress.
  const main = files.includes("index.js") ? readFileSync(join(dist, "index.js"), "utf8") : "";
  const place = (name: string): number => (main.includes(name) ? main.indexOf(name) : main.length);
  chunks.sort((one, other) => place(one) - place(other));
  const exported = chunks.flatMap((name) => exportsOf(readFileSync(join(dist, name), "utf8")));
  const twice = exported.find((name, index) => exported.indexOf(name) !== index);
  if (twice !== undefined) throw new Error(`Two shared modules export "${twice}"; give one of them another name.`);
  await build({
    stdin: { contents: chunks.map((name) => `export * from "./${name}";`).join("\n"), resolveDir: dist },
    bundle: true,
    packages: "external",
    // The workspace's path table leads to sources of other packages: a second copy of their classes.
    tsconfigRaw: "{}",
    format: "esm",
    platform: "neutral",
    target: "es2022",
    outfile: join(dist, "shared.js"),
    logLevel: "warning",
  });
  // Every entry loads the joined file, so a library that only some of them use must not be in it. Parts of Hono are small, and Hono is there.
  const [library] = /(?<=^import .*")(?!node:|bun:|cloudflare:|hono\/|@holdfast\/)[^."][^"]*(?=";$)/m.exec(readFileSync(join(dist, "shared.js"), "utf8")) ?? [];
  if (library !== undefined) throw new Error(`Several entries share code that imports "${library}", and every other one would load it too: let one entry have that code.`);
  for (const name of chunks) rmSync(join(dist, name));
  for (const name of files.filter((name) => !chunks.includes(name))) {
    const path = join(dist, name);
    writeFileSync(path, readFileSync(path, "utf8").replaceAll(/"\.\/chunk-\w+\.js"/g, '"./shared.js"'));
  }
}

/** The names in the one `export { a, b as c }` with which esbuild ends a chunk. */
const exportsOf = (code: string): string[] =>
  (/^export \{([^}]*)\};\s*$/m.exec(code)?.[1] ?? "")
    .split(",")
    .map((name) => name.trim().split(" as ").at(-1) ?? "")
    .filter((name) => name !== "");
