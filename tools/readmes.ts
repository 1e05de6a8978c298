import { spawn } from "node:child_process";
import { existsSync, globSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { freePort } from "./lib/free-port.ts";
import { findPrograms } from "./lib/programs.ts";
import { reportsFolder } from "./lib/reports.ts";
import { buildAll, conclude, run } from "./lib/shell.ts";
import { type Snippet, type SnippetService, snippetsIn } from "./lib/snippets.ts";
import { link } from "./lib/temporary.ts";
import { members, root } from "./lib/workspace.ts";
import { LOCAL_AWS } from "./services/dynamodb.ts";
import { SERVICES } from "./services/programs.ts";
import type { Server } from "./services/server.ts";
import { STARTS } from "./services/starts.ts";

// `pnpm readmes`: compiles every TypeScript block of the READMEs against the built packages, as an application would
// have them, and runs those marked `ts run` and `sh run` (to the end) and `ts serve` (until they answer on PORT). One that names a
// server (`ts run postgres`) gets a new one, and its address in DATABASE_URL, REDIS_URL, MEMCACHED_SERVERS or AWS_ENDPOINT_URL_DYNAMODB.
const folder = join(reportsFolder, "readmes");
const seconds = 1000;

/** What `wrangler types` would write in a project on Workers. */
const WORKERS = `declare module "cloudflare:workers" {
  export const env: {
    readonly SESSIONS: import("@holdfast/store-workers/durable-object").SessionsNamespace;
    readonly DB: import("@holdfast/store-workers/d1").D1Database;
    readonly SESSION_KEYS: string;
  };
}
`;

/** A project in which the packages and everything they depend on are installed. */
const prepare = (): void => {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const packages = members().filter((member) => member.folder.startsWith("packages/"));
  for (const { path, manifest } of packages) {
    link(path, join(folder, "node_modules", manifest.name));
    for (const [name, file] of Object.entries(manifest.bin ?? {})) link(join(path, file), join(folder, "node_modules", ".bin", name));
  }
  for (const modules of [...packages.map(({ path }) => join(path, "node_modules")), join(root, "node_modules")]) {
    for (const name of existsSync(modules) ? installedIn(modules) : []) {
      const place = join(folder, "node_modules", name);
      if (!existsSync(place)) link(join(modules, name), place);
    }
  }
  const compilerOptions = { module: "nodenext", moduleResolution: "nodenext", moduleDetection: "force", types: ["node"], noUnusedLocals: false, noUnusedParameters: false };
  writeFileSync(join(folder, "workers.d.ts"), WORKERS);
  writeFileSync(join(folder, "package.json"), JSON.stringify({ private: true, type: "module" }));
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ extends: "../../tsconfig.base.json", compilerOptions, include: ["*.ts"] }));
};

const installedIn = (modules: string): string[] =>
  readdirSync(modules)
    .filter((name) => !name.startsWith("."))
    .flatMap((name) => (name.startsWith("@") ? readdirSync(join(modules, name)).map((inner) => `${name}/${inner}`) : [name]));

const nameOf = ({ file, line }: Snippet): string => `${file.replaceAll(/[^\w]+/g, "-")}-line-${line}.ts`;

const compile = (snippets: readonly Snippet[]): string[] => {
  for (const snippet of snippets) writeFileSync(join(folder, nameOf(snippet)), snippet.code);
  const { code, output } = run("tsc", ["--noEmit", "--pretty", "false", "-p", folder], { cwd: folder });
  if (code === 0) return [];
  const named = snippets.reduce((text, snippet) => text.replaceAll(nameOf(snippet), `${snippet.file}, block at line ${snippet.line}, `), output);
  return [named.trim()];
};

/** How the application finds its server. */
const env: Readonly<Record<SnippetService, (server: Server) => Readonly<Record<string, string>>>> = {
  postgres: ({ url }) => ({ DATABASE_URL: url }),
  mariadb: ({ url }) => ({ DATABASE_URL: url }),
  memcached: ({ host, port }) => ({ MEMCACHED_SERVERS: `${host}:${port}` }),
  redis: ({ url }) => ({ REDIS_URL: url }),
  dynamodb: ({ url }) => ({ ...LOCAL_AWS, AWS_ENDPOINT_URL_DYNAMODB: url }),
};

const executeWith = async (snippet: Snippet): Promise<string[]> => {
  if (snippet.service === undefined) return execute(snippet, {});
  const program = Object.values(findPrograms([SERVICES[snippet.service]]).env)[0];
  if (program === undefined) return [`${snippet.file}, block at line ${snippet.line}: needs ${snippet.service}, which is not here`];
  const server = await STARTS[snippet.service](program);
  try {
    return await execute(snippet, env[snippet.service](server));
  } finally {
    await server.stop();
  }
};

const execute = async (snippet: Snippet, env: Readonly<Record<string, string>>): Promise<string[]> => {
  const port = await freePort();
  // A script for a shell makes files, in a folder of its own.
  const place = snippet.shell ? join(folder, nameOf(snippet).replace(/\.ts$/, "")) : folder;
  mkdirSync(place, { recursive: true });
  const [program, args] = snippet.shell ? ["bash", ["-euo", "pipefail", "-c", snippet.code]] : [process.execPath, [nameOf(snippet)]];
  const child = spawn(program, args, { cwd: place, env: { ...process.env, ...env, PORT: String(port) }, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  child.stdout.on("data", (chunk: Buffer) => void (output += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => void (output += chunk.toString()));
  const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
  const late = Symbol("late");
  const deadline = wait(120 * seconds, late, { ref: false });
  const result = await Promise.race([ended, deadline, ...(snippet.use === "serve" ? [answers(port, child)] : [])]);
  child.kill("SIGKILL");
  if (result === "answered" || (snippet.use === "run" && result === 0)) return [];
  const why = result === late ? "had not finished after two minutes" : snippet.use === "serve" ? "never answered" : `ended with code ${String(result)}`;
  return [`${snippet.file}, block at line ${snippet.line}: ${why}\n${output.trim()}`];
};

/** Resolves when the server answers a plain GET with anything but a server error. */
const answers = async (port: number, child: { readonly exitCode: number | null; readonly signalCode: string | null }): Promise<"answered" | "gone"> => {
  while (child.exitCode === null && child.signalCode === null) {
    const status = await fetch(`http://127.0.0.1:${port}/`).then((response) => response.status, () => undefined);
    if (status !== undefined && status < 500) return "answered";
    await wait(50);
  }
  return "gone";
};

buildAll("packages");
prepare();
const pages = ["README.md", ...globSync("packages/*/README.md", { cwd: root }).sort()];
const snippets = pages.flatMap((page) => snippetsIn(page, readFileSync(join(root, page), "utf8")));
const problems = compile(snippets.filter(({ shell }) => !shell));
if (problems.length === 0) {
  for (const snippet of snippets.filter(({ use }) => use !== "compile")) problems.push(...(await executeWith(snippet)));
}
for (const { folder: name } of members().filter((member) => member.folder.startsWith("packages/"))) {
  if (!pages.includes(`${name}/README.md`)) problems.push(`${name} has no README.md`);
}
const ran = snippets.filter(({ use }) => use !== "compile").length;
conclude("readmes", problems, `${snippets.length} snippets compile, ${ran} of them were run`);
