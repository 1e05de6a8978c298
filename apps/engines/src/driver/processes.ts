import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface Started {
  readonly pid: number;
  /** A folder of its own: home and profile, removed at the end. */
  readonly folder: string;
  /** Resolves with the first match in what it prints. */
  printed(pattern: RegExp): Promise<RegExpExecArray>;
  /** Ends it with all its children. */
  stop(): Promise<void>;
}

/** A program with a temporary home, in a process group of its own. */
export function start(path: string, args: (folder: string) => readonly string[], env: Readonly<Record<string, string>> = {}, prepare?: (folder: string) => void): Started {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-engine-"));
  prepare?.(folder);
  const home = { HOME: folder, XDG_CONFIG_HOME: folder, XDG_CACHE_HOME: folder, XDG_DATA_HOME: folder, XDG_RUNTIME_DIR: folder, TMPDIR: folder };
  const child = spawn(path, [...args(folder)], { detached: true, stdio: ["ignore", "pipe", "pipe"], env: { ...process.env, ...home, ...env } });
  const { pid } = child;
  if (pid === undefined) throw new Error(`${path} does not start`);
  let output = "";
  const orphaned = (): void => signal(-pid, "SIGKILL");
  // A run that is broken off leaves no browser behind.
  process.once("exit", orphaned);
  const exited = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (output = (output + String(chunk)).slice(-20_000)));
  return {
    pid,
    folder,
    printed: (pattern) => match(child, pattern, () => output),
    async stop() {
      signal(-pid, "SIGTERM");
      const late = setTimeout(() => signal(-pid, "SIGKILL"), 3000);
      await exited;
      clearTimeout(late);
      process.off("exit", orphaned);
      signal(-pid, "SIGKILL");
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

function match(child: ChildProcess, pattern: RegExp, output: () => string): Promise<RegExpExecArray> {
  return new Promise((resolve, reject) => {
    const look = (): void => {
      const found = pattern.exec(output());
      if (found) done(() => resolve(found));
    };
    const done = (end: () => void): void => {
      clearTimeout(patience);
      child.stdout?.off("data", look);
      child.stderr?.off("data", look);
      end();
    };
    const patience = setTimeout(() => done(() => reject(new Error(`Nothing like ${pattern} was printed: ${output()}`))), 90_000);
    child.stdout?.on("data", look);
    child.stderr?.on("data", look);
    child.once("exit", (code) => done(() => reject(new Error(`Ended with ${code}: ${output()}`))));
    look();
  });
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // Gone already.
  }
}

interface Stat {
  readonly pid: number;
  readonly parent: number;
  /** In clock ticks. */
  readonly cpu: number;
}

function stats(): Stat[] {
  return readdirSync("/proc").flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    try {
      const fields = readFileSync(`/proc/${name}/stat`, "utf8").replace(/^.*\) /s, "").split(" ").map(Number);
      return [{ pid: Number(name), parent: fields[1] ?? 0, cpu: (fields[11] ?? 0) + (fields[12] ?? 0) }];
    } catch {
      return [];
    }
  });
}

function descendants(of: number): Stat[] {
  const all = stats();
  const family = new Set([of]);
  for (let size = 0; size !== family.size; ) {
    size = family.size;
    for (const { pid, parent } of all) if (family.has(parent)) family.add(pid);
  }
  return all.filter(({ pid }) => family.has(pid) && pid !== of);
}

/** So many clock ticks of CPU are no accident. */
const ENOUGH = 15;

/** Which descendant does the work: no protocol says which process a tab lives in. On a busy machine it takes more than one go until that is clear. Linux only. */
export async function busiest(of: number, work: () => Promise<unknown>): Promise<number> {
  const before = new Map(descendants(of).map(({ pid, cpu }) => [pid, cpu]));
  for (let tries = 0; tries < 40; tries++) {
    await work();
    const [most, next] = descendants(of)
      .map(({ pid, cpu }) => ({ pid, spent: cpu - (before.get(pid) ?? 0) }))
      .sort((a, b) => b.spent - a.spent);
    if (most && most.spent >= ENOUGH && most.spent > 2 * (next?.spent ?? 0)) return most.pid;
  }
  throw new Error("no process of the browser does the work");
}
