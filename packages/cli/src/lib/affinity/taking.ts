import { spawn } from "node:child_process";
import { setTimeout as wait } from "node:timers/promises";
import { Fault } from "../fault.ts";
import type { Io } from "../io.ts";

export interface Taking {
  take(node: string): Promise<void>;
  giveBack(node: string): Promise<void>;
  /** The process is told to end: gives back what is away, and takes nothing any more. */
  end(): Promise<void>;
}

/** The two commands. `settle`: milliseconds that the balancer takes to notice. */
export function createTaking({ take, giveBack, settle }: { readonly take: string; readonly giveBack: string; readonly settle: number }, io: Io): Taking {
  /** Told to go, and not given back yet. */
  let away: string | undefined;
  let running: Promise<void> = Promise.resolve();
  let ending = false;
  const start = (command: string, node: string): Promise<void> => (running = ending ? Promise.reject(new Fault("failed", "told to end.")) : run(command, node));
  return {
    async take(node) {
      if (!ending) away = node;
      await start(take, node);
      await wait(settle);
    },
    async giveBack(node) {
      await start(giveBack, node);
      away = undefined;
      await wait(settle);
    },
    async end() {
      ending = true;
      // A terminal told that command, too, and it may have acted all the same.
      await running.catch(() => undefined);
      if (away === undefined) return;
      const node = away;
      await run(giveBack, node).then(
        () => io.err(`holdfast: ${node} was given back.\n`),
        (error: unknown) => io.err(`holdfast: ${node} may still be away: ${error instanceof Error ? error.message : String(error)}\n`),
      );
    },
  };
}

const run = (command: string, node: string): Promise<void> =>
  new Promise((resolve, refuse) => {
    const child = spawn(command, { shell: true, stdio: ["ignore", "ignore", "inherit"], env: { ...process.env, HOLDFAST_NODE: node } });
    child.once("error", refuse).once("exit", (code) => (code === 0 ? resolve() : refuse(new Fault("failed", `${command} ended with code ${String(code)}.`))));
  });
