import { type ChildProcess, fork, spawn } from "node:child_process";
import { once } from "node:events";

const sources = new URL("sources.ts", import.meta.url).href;

export interface Work {
  readonly lines: readonly string[];
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** Runs one task (tasks.ts) of a worker to its end. `onLine` sees the child and how many lines it has said so far. */
export async function work(worker: string, args: readonly string[], onLine?: (child: ChildProcess, count: number) => void): Promise<Work> {
  const child = spawn(process.execPath, ["--import", sources, worker, ...args], { stdio: ["ignore", "pipe", "inherit"] });
  const closed = once(child, "close");
  const lines: string[] = [];
  let rest = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    const parts = `${rest}${text}`.split("\n");
    rest = parts.pop() ?? "";
    lines.push(...parts);
    onLine?.(child, lines.length);
  });
  await closed;
  return { lines, code: child.exitCode, signal: child.signalCode };
}

export interface Visited {
  /** What the other process answers: to the task `visit`, what it makes of this credential (`active`, `none revoked` and the like). */
  ask(credential: string): Promise<string>;
  stop(): Promise<void>;
}

/** A worker that goes on with the task `visit` or `revoke`: a server of its own. */
export async function visited(worker: string, args: readonly string[]): Promise<Visited> {
  const child = fork(worker, [...args], { execArgv: ["--import", sources], stdio: ["ignore", "inherit", "inherit", "ipc"] });
  const ended = new Promise<string>((resolve) => void child.once("exit", () => resolve("the process ended")));
  const answer = (): Promise<string> => Promise.race([ended, new Promise<string>((resolve) => void child.once("message", (said) => resolve(String(said))))]);
  if ((await answer()) !== "ready") throw new Error(`${worker} did not start`);
  return {
    ask(credential) {
      child.send(credential);
      return answer();
    },
    async stop() {
      child.kill();
      await ended;
    },
  };
}

/** node:sqlite and TypeScript without a build step came together with these versions. */
export function missing(): string | undefined {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  return major > 22 || (major === 22 && minor >= 18) ? undefined : `Node ${process.versions.node} is older than 22.18`;
}
