import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { Affinity } from "@holdfast/affinity";
import type { DrainResult } from "@holdfast/affinity/drain";

const BACKEND = fileURLToPath(new URL("./backend.ts", import.meta.url));

export interface Fleet {
  start(label: string): Promise<void>;
  /** `kill -9`. */
  kill(label: string): Promise<void>;
  drain(label: string): Promise<DrainResult>;
  /** Drains, closes its server and ends by itself. */
  leave(label: string): Promise<void>;
  stop(): Promise<void>;
}

/** The nodes of a description as processes; they end with this one. */
export const createFleet = (affinity: Affinity): Fleet => {
  const running = new Map<string, ChildProcess>();
  const child = (label: string): ChildProcess => {
    const found = running.get(label);
    if (found === undefined) throw new Error(`${label} is not running`);
    return found;
  };
  const kill = async (label: string): Promise<void> => {
    const process = child(label);
    running.delete(label);
    const gone = once(process, "exit");
    process.kill("SIGKILL");
    await gone;
  };
  return {
    async start(label) {
      const port = affinity.nodes.find((node) => node.label === label)?.port;
      const process = fork(BACKEND, [JSON.stringify({ affinity, label, port })], { execArgv: ["--disable-warning=ExperimentalWarning"] });
      running.set(label, process);
      const [word] = await Promise.race([once(process, "message"), once(process, "exit").then(() => ["gone"])]);
      if (word !== "ready") throw new Error(`${label} did not start: ${String(word)}`);
    },
    kill,
    async drain(label) {
      const process = child(label);
      const answer = once(process, "message") as Promise<[DrainResult]>;
      process.send("drain");
      return (await answer)[0];
    },
    async leave(label) {
      const process = child(label);
      running.delete(label);
      const gone = once(process, "exit");
      process.send("leave");
      await gone;
    },
    async stop() {
      await Promise.all([...running.keys()].map(kill));
    },
  };
};
