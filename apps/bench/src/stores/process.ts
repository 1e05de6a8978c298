import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { Contender } from "./contender.ts";
import type { Question, Reply } from "./server.ts";

const SERVER = fileURLToPath(new URL("./server.ts", import.meta.url));

/** A contender in a process of its own. */
export interface Running {
  readonly contender: Contender;
  readonly url: string;
  /** CPU microseconds since its start, user and system, all threads. */
  cpu(): Promise<number>;
  advance(ms: number): Promise<void>;
  stop(): Promise<void>;
}

async function reply<Kind extends string>(child: ChildProcess, kind: Kind, ended: AbortSignal): Promise<Extract<Reply, Record<Kind, unknown>>> {
  const [message] = (await once(child, "message", { signal: ended })) as [Reply];
  if (kind in message) return message as Extract<Reply, Record<Kind, unknown>>;
  throw new Error(`expected ${kind}, got ${JSON.stringify(message)}`);
}

export async function start(contender: Contender, engine: string): Promise<Running> {
  const child = fork(SERVER, [contender.name, engine], { env: { ...process.env, NODE_ENV: "production" } });
  const ended = new AbortController();
  child.once("exit", () => ended.abort(new Error(`${contender.name} ended`)));
  const { port } = await reply(child, "port", ended.signal);
  const ask = (question: Question): void => void child.send(question);
  return {
    contender,
    url: `http://127.0.0.1:${port}`,
    async cpu() {
      ask("cpu");
      return (await reply(child, "micros", ended.signal)).micros;
    },
    async advance(ms) {
      ask({ advance: ms });
      await reply(child, "done", ended.signal);
    },
    async stop() {
      const exit = once(child, "exit");
      child.disconnect();
      await exit;
    },
  };
}
