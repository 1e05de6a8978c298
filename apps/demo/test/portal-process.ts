import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { serve, type ServerType } from "@hono/node-server";
import { type Clock, generateKeys, type PolicyOptions } from "@holdfast/session-core";
import { createMemoryStore } from "@holdfast/session-core/memory";
import type { SessionStore } from "@holdfast/session-core/store";
import type { ClientFiles } from "../src/server/client-files.ts";
import { type Folder, temporaryFolder } from "../../../tools/services/folder.ts";
import { watcherOf } from "../../../tools/services/watch.ts";
import { createPortal } from "../src/server/portal.ts";

const BIN = fileURLToPath(new URL("../bin/portal.mjs", import.meta.url));
/** What starts the program: a runtime with its arguments, and the file. */
export type Command = readonly [program: string, ...args: string[]];
const ON_NODE: Command = [process.execPath, BIN];
const BUILT = fileURLToPath(new URL("../dist/server/main.js", import.meta.url));

export interface Running {
  readonly url: string;
  stop(): Promise<void>;
}

export interface Exit {
  readonly code: number | null;
  readonly output: string;
}

/** Starts the built program as its users do, on a free port, with a SQLite file of its own unless told otherwise. */
export async function startProgram(args: readonly string[] = [], file = newDatabase(), [program, ...before] = ON_NODE): Promise<Running & { readonly child: ChildProcess; readonly output: readonly string[]; readonly file: string }> {
  if (!existsSync(BUILT)) throw new Error("apps/demo is not built; run the build first.");
  const memory = args.includes("memory");
  const child = spawn(program, [...before, ...(memory ? [] : ["--file", file]), ...args], { env: { ...process.env, PORT: "0" }, stdio: ["ignore", "pipe", "pipe"] });
  const watcher = watcherOf("", "SIGTERM");
  watcher.watches(child.pid);
  const exited = once(child, "exit").finally(() => watcher.close());
  const output: string[] = [];
  child.stderr.on("data", (chunk: Buffer) => output.push(String(chunk)));
  const url = await new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stdout }).on("line", (line) => {
      output.push(line);
      if (line.startsWith("Sessions")) resolve(/http:\S+/.exec(output.join("\n"))?.[0] ?? "");
    });
    exited.then(([code]) => reject(new Error(`The portal ended with ${String(code)}: ${output.join("\n")}`)), reject);
  });
  return {
    url,
    child,
    output,
    file,
    async stop() {
      child.kill("SIGTERM");
      await exited;
    },
  };
}

/** Runs the program to its end: for options that it refuses. */
export function runToEnd(args: readonly string[], env: Readonly<Record<string, string>> = {}, [program, ...before] = ON_NODE): Promise<Exit> {
  return new Promise((resolve) => {
    const child = spawn(program, [...before, ...args], { env: { ...process.env, ...env }, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    child.stdout.on("data", (chunk: Buffer) => (output += String(chunk)));
    child.stderr.on("data", (chunk: Buffer) => (output += String(chunk)));
    child.once("close", (code) => resolve({ code, output }));
  });
}

const folders: Folder[] = [];

export function newDatabase(): string {
  const folder = temporaryFolder("holdfast-portal-");
  folders.push(folder);
  return join(folder.path, "portal.sqlite");
}

export function removeDatabases(): void {
  for (const folder of folders.splice(0)) folder.remove();
}

export interface ManualClock extends Clock {
  advance(ms: number): void;
}

export function manualClock(start = Date.UTC(2026, 0, 5, 12)): ManualClock {
  let time = start;
  return {
    now: () => time,
    wait: () => Promise.resolve(),
    advance(ms) {
      time += ms;
    },
  };
}

/** The same application inside this process, over real HTTP, at a time of our own. */
export async function startInside(clock: Clock, options: { policy?: PolicyOptions; warn?: number; client?: ClientFiles; store?: SessionStore } = {}): Promise<Running> {
  const app = await createPortal({ store: createMemoryStore({ clock }), clock, keys: generateKeys(clock.now()), ...options });
  const server = await new Promise<ServerType>((resolve) => {
    const started: ServerType = serve({ fetch: app.fetch, port: 0, hostname: "127.0.0.1" }, () => resolve(started));
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return {
    url: `http://localhost:${address.port}`,
    stop: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        if ("closeAllConnections" in server) server.closeAllConnections();
      }),
  };
}
