import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { watcherOf } from "../services/watch.ts";

/** A start that takes longer hangs. */
const PATIENCE = 120_000;
const BIN = fileURLToPath(new URL("../../apps/demo/bin/portal.mjs", import.meta.url));

/** A portal that is one of several. Its process changes, its label and port do not. */
export interface PortalNode {
  readonly label: string;
  readonly port: number;
  /** Of the process that runs now; `undefined` while none does. */
  readonly pid: number | undefined;
  /** Resolves when it takes requests. Rejects with its last words when it ends before. */
  start(): Promise<void>;
  /** `SIGKILL`: it dies, in the middle of whatever it does. `SIGTERM`: it leaves as `drain()` says. Resolves when it is over. */
  end(signal: "SIGKILL" | "SIGTERM"): Promise<void>;
}

export interface PortalNodeOptions {
  readonly label: string;
  readonly port: number;
  /** What the portal is started with. */
  readonly args: readonly string[];
  /** It was told to leave, and takes no new clients. */
  readonly onLeaving: () => void;
  /** Its process is over, however that came about. */
  readonly onEnd: (how: string) => void;
}

export function portalNode({ label, port, args, onLeaving, onEnd }: PortalNodeOptions): PortalNode {
  let child: ChildProcess | undefined;
  return {
    label,
    port,
    get pid() {
      return child?.pid;
    },
    async start() {
      let words = "";
      // In a session of its own: Ctrl-C at a terminal is for the one who started it.
      const started = spawn(process.execPath, [BIN, ...args], { env: { ...process.env, PORT: String(port) }, stdio: ["ignore", "pipe", "pipe", "ipc"], detached: true });
      // Without a pid there is no process, and none will end: its program was gone.
      child = started.pid === undefined ? undefined : started;
      const watcher = watcherOf("", "SIGKILL");
      watcher.watches(started.pid);
      for (const stream of [started.stdout, started.stderr]) stream?.setEncoding("utf8").on("data", (text: string) => void (words = (words + text).slice(-4000)));
      const ended = once(started, "exit")
        .then(([code, signal]: unknown[]) => String(signal ?? code), String)
        .finally(() => {
          watcher.close();
          if (child === started) child = undefined;
        });
      const ready = new Promise<string>((resolve) => void started.on("message", (word) => (word === "ready" ? resolve("ready") : onLeaving())));
      const silent = new Promise<string>((resolve) => void setTimeout(resolve, PATIENCE, `silent for ${PATIENCE / 1000} s`).unref());
      const first = await Promise.race([ready, ended, silent]);
      if (first !== "ready") {
        started.kill("SIGKILL");
        throw new Error(`node ${label} did not start (${first}):\n${words}`);
      }
      void ended.then(onEnd);
    },
    async end(signal) {
      const ending = child;
      if (ending === undefined) return;
      const over = once(ending, "exit");
      ending.kill(signal);
      await over;
    },
  };
}
