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
  /** Drains, closes its server and ends by itself. */
  leave(label: string, how?: Leaving): Promise<DrainResult>;
  /** Its clock stands still, so that a drain goes no further, until `goOn`. */
  stand(label: string): void;
  goOn(label: string): void;
  /** Resolves when it begins to drain. */
  drains(label: string): Promise<void>;
  /** Resolves when its health was asked for so often from now on. */
  looked(label: string, times: number): Promise<void>;
  /** Resolves when it has a request for /held, which is answered with `release`. */
  holds(label: string): Promise<void>;
  release(label: string): void;
  stop(): Promise<void>;
}

export interface Leaving {
  /** False: it ends without closing its server. */
  readonly closes?: boolean;
  /** Between the two: it has drained. */
  readonly drained?: () => Promise<void>;
  /** It was told to close its server. */
  readonly closing?: () => void;
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
      // Without a pid there is no process, and none will end.
      if (process.pid !== undefined) running.set(label, process);
      const [word] = await Promise.race([once(process, "message"), once(process, "exit").then(() => ["gone"])]);
      if (word !== "ready") throw new Error(`${label} did not start: ${String(word)}`);
    },
    kill,
    async leave(label, { closes = true, drained, closing } = {}) {
      const process = child(label);
      const gone = once(process, "exit");
      const answer = said<DrainResult>(process, (word) => typeof word === "object");
      process.send("drain");
      const result = await answer;
      await drained?.();
      process.send(closes ? "close" : "end");
      closing?.();
      await gone;
      running.delete(label);
      return result;
    },
    stand: (label) => void child(label).send("stand"),
    goOn: (label) => void child(label).send("go on"),
    drains: (label) => said(child(label), (word) => word === "draining"),
    looked(label, times) {
      const process = child(label);
      process.send({ looks: times });
      return said(process, (word) => word === "looked");
    },
    holds: (label) => said(child(label), (word) => word === "held"),
    release: (label) => void child(label).send("release"),
    async stop() {
      await Promise.all([...running.keys()].map(kill));
    },
  };
};

/** The first message of this kind, before it ends. */
const said = <Word>(process: ChildProcess, isIt: (word: unknown) => boolean): Promise<Word> =>
  new Promise((resolve, reject) => {
    const hear = (word: unknown): void => {
      if (isIt(word)) resolve(word as Word);
    };
    process.on("message", hear);
    process.once("exit", () => reject(new Error("a node ended before it said so")));
  });
