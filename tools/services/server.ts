import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { chmodSync, chownSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "../lib/free-port.ts";
import { forAnybody } from "./backport.ts";
import { watcherOf } from "./watch.ts";

const NOBODY = 65_534;
const PATIENCE = 60_000;

/** What starts, in a folder of its own, on a port of 127.0.0.1. */
export interface ServerPlan {
  readonly program: string;
  args(place: Place): readonly string[];
  /** Written into the folder before the first start, by name. */
  files?(place: Place): Readonly<Record<string, string>>;
  /** Done once, before the first start: makes a data folder and the like. */
  prepare?(place: Place): readonly (readonly [program: string, ...args: string[]])[];
  /** How clients are told of it. */
  url(place: Place): string;
  /** Sent after connecting (nothing: the server speaks first); the server is ready when `answer` matches what comes back. */
  readonly greeting: string;
  readonly answer: RegExp;
  /** It needs our rights to start, and then drops them itself. */
  readonly dropsRights?: boolean;
  /** Last words of a start that is worth another one: what a killed server left behind is on its way out. */
  readonly again?: RegExp;
  /** Asks for a clean end. */
  readonly stop?: NodeJS.Signals;
}

export interface Place {
  readonly folder: string;
  readonly port: number;
}

/** A running server: stopped by its pid, killed and started again by tests of faults. */
export interface Server extends Place {
  readonly host: "127.0.0.1";
  readonly url: string;
  readonly pid: number;
  /** The last of what it said, from all of its starts. */
  readonly output: string;
  /** Sends a signal: `SIGKILL` ends it at once, `SIGSTOP` makes it deaf, `SIGCONT` lets it go on. Resolves when it took effect. */
  signal(name: NodeJS.Signals): Promise<void>;
  /** Starts it again after it was killed: same port, same folder. */
  restart(): Promise<void>;
  /** Ends it and removes its folder. */
  stop(): Promise<void>;
}

/** Starts a server as nobody where we are root. It does not outlive this process. Rejects with its last words when it does not get ready. */
export async function startServer(plan: ServerPlan, port?: number): Promise<Server> {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-server-"));
  const { stop: stopSignal = "SIGTERM" } = plan;
  const watcher = watcherOf(folder, stopSignal);
  const nobody = process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {};
  chmodSync(folder, 0o700);
  if (nobody.uid !== undefined) chownSync(folder, NOBODY, NOBODY);
  const place: Place = { folder, port: port ?? (await freePort()) };
  const remove = (): void => {
    rmSync(folder, { recursive: true, force: true });
    watcher.close();
  };
  const program = forAnybody(plan.program, folder);

  let words = "";
  /** By the last start. */
  let said = "";
  const startOnce = async (): Promise<ChildProcess> => {
    said = "";
    const child = spawn(program, [...plan.args(place)], { cwd: folder, stdio: ["ignore", "pipe", "pipe"], ...(plan.dropsRights ? {} : nobody) });
    watcher.watches(child.pid);
    const ended = new Promise<never>((_, refuse) => {
      const end = (why: unknown): void => {
        watcher.watches(undefined);
        refuse(new Error(`${plan.program} did not start (${String(why)}):\n${words.slice(-2000)}`));
      };
      child.once("error", end).once("exit", end);
    });
    for (const stream of [child.stdout, child.stderr]) stream?.setEncoding("utf8").on("data", (text: string) => {
      words = (words + text).slice(-32_000);
      said += said.length < 32_000 ? text : "";
    });
    try {
      await Promise.race([ended, answers(plan, place.port)]);
    } catch (error) {
      child.kill("SIGKILL");
      throw error;
    } finally {
      ended.catch(() => undefined);
    }
    return child;
  };

  const start = async (): Promise<ChildProcess> => {
    const deadline = Date.now() + PATIENCE;
    for (;;) {
      try {
        return await startOnce();
      } catch (error) {
        if (!plan.again?.test(said) || Date.now() > deadline) throw error;
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    }
  };

  let child: ChildProcess;
  try {
    for (const [name, text] of Object.entries(plan.files?.(place) ?? {})) writeFileSync(join(folder, name), text, { mode: 0o644 });
    for (const [command, ...args] of plan.prepare?.(place) ?? []) {
      const { status, stdout, stderr } = spawnSync(command, args, { cwd: folder, encoding: "utf8", ...nobody });
      if (status !== 0) throw new Error(`${command} failed:\n${stdout}${stderr}`);
    }
    child = await start();
  } catch (error) {
    remove();
    throw error;
  }

  const end = (name: NodeJS.Signals): Promise<void> =>
    new Promise((resolve) => {
      if (child.exitCode !== null || child.signalCode !== null) return resolve();
      child.once("exit", () => resolve());
      child.kill(name);
    });
  return {
    ...place,
    host: "127.0.0.1",
    url: plan.url(place),
    get pid() {
      return child.pid ?? 0;
    },
    get output() {
      return words;
    },
    async signal(name) {
      if (name === "SIGSTOP" || name === "SIGCONT") child.kill(name);
      else await end(name);
    },
    async restart() {
      await end("SIGKILL");
      child = await start();
    },
    async stop() {
      child.kill("SIGCONT");
      // Some wait for their last client, who may be waiting for this.
      const deaf = setTimeout(() => child.kill("SIGKILL"), PATIENCE);
      await end(stopSignal).finally(() => clearTimeout(deaf));
      remove();
    },
  };
}

/** Resolves once the server on this port answers as a ready one does. */
async function answers({ greeting, answer }: ServerPlan, port: number): Promise<void> {
  const deadline = Date.now() + PATIENCE;
  while (Date.now() < deadline) {
    if (answer.test(await ask(port, greeting))) return;
    // A real server gets ready in its own time.
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`nothing on port ${port} answered within ${PATIENCE / 1000} s`);
}

const ask = (port: number, greeting: string): Promise<string> =>
  new Promise((resolve) => {
    const socket = connect({ port, host: "127.0.0.1" });
    const done = (heard: string): void => {
      socket.destroy();
      resolve(heard);
    };
    socket.setTimeout(1000, () => done("")).once("error", () => done("")).once("close", () => done(""));
    socket.once("connect", () => greeting !== "" && socket.write(greeting, "latin1"));
    socket.once("data", (bytes) => done(bytes.toString("latin1")));
  });
