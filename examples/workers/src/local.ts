import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { generateKeys } from "@holdfast/session-core";
import { build } from "esbuild";
import { Miniflare } from "miniflare";

// The worker in workerd on this machine, as wrangler.json describes it. `wrangler dev` does the same, and more.
interface Config {
  readonly main: string;
  readonly compatibility_date: string;
  readonly durable_objects: { readonly bindings: readonly { readonly name: string; readonly class_name: string }[] };
  readonly migrations: readonly { readonly new_sqlite_classes: readonly string[] }[];
}
const config = JSON.parse(readFileSync(new URL("../wrangler.json", import.meta.url), "utf8")) as Config;
const sqlite = config.migrations.flatMap(({ new_sqlite_classes }) => new_sqlite_classes);
const { PORT = "3000", HOST = "127.0.0.1", SESSION_KEYS = JSON.stringify(generateKeys()) } = process.env;

const { outputFiles } = await build({
  entryPoints: [fileURLToPath(new URL(`../${config.main}`, import.meta.url))],
  bundle: true,
  write: false,
  format: "esm",
  target: "es2022",
  conditions: ["workerd", "worker"],
  external: ["cloudflare:workers"],
});
const miniflare = new Miniflare({
  modules: true,
  script: outputFiles[0]?.text ?? "",
  compatibilityDate: config.compatibility_date,
  bindings: { SESSION_KEYS },
  durableObjects: Object.fromEntries(config.durable_objects.bindings.map(({ name, class_name: className }) => [name, { className, useSQLite: sqlite.includes(className) }])),
  host: HOST,
  port: Number(PORT),
  cf: false,
});
console.log(String(await miniflare.ready));
process.once("SIGTERM", () => void miniflare.dispose());
