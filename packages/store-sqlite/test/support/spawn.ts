import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

const worker = fileURLToPath(new URL("worker.ts", import.meta.url));
const sources = new URL("sources.ts", import.meta.url).href;

export interface Work {
  readonly lines: readonly string[];
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** Runs one task of worker.ts to its end. `onLine` sees the child and how many lines it has said so far. */
export async function work(args: readonly string[], onLine?: (child: ChildProcess, count: number) => void): Promise<Work> {
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

/** node:sqlite and TypeScript without a build step came together with these versions. */
export function missing(): string | undefined {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  return major > 22 || (major === 22 && minor >= 18) ? undefined : `Node ${process.versions.node} is older than 22.18`;
}
