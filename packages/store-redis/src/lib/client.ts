import { wrongOption } from "./errors.ts";

/** `Redis` and `Cluster` of ioredis, connected to one server, through Sentinel or to a cluster. */
interface Ioredis {
  call(command: string, args: string[]): Promise<unknown>;
  pipeline(commands: string[][]): { exec(): Promise<[error: Error | null, reply: unknown][] | null> };
}

interface Queue<Command extends readonly unknown[]> {
  addCommand(...command: Command): unknown;
  execAsPipeline(): Promise<unknown>;
}
interface CommandOptions {
  abortSignal?: AbortSignal;
}

/** `createClient` and `createClientPool` of node-redis 5 and 6. */
interface NodeRedis {
  sendCommand(args: string[], options?: CommandOptions): Promise<unknown>;
  multi(): Queue<[args: string[]]>;
}

/** `createCluster` of node-redis. */
interface NodeRedisCluster {
  sendCommand(firstKey: string | undefined, isReadonly: boolean | undefined, args: string[], options?: CommandOptions): Promise<unknown>;
  multi(routing?: string): Queue<[firstKey: string | undefined, isReadonly: boolean | undefined, args: string[]]>;
  getSlotRandomNode(slot: number): unknown;
}

/** `createSentinel` of node-redis. */
interface NodeRedisSentinel {
  sendCommand(isReadonly: boolean | undefined, args: string[], options?: CommandOptions): Promise<unknown>;
  multi(): Queue<[isReadonly: boolean | undefined, args: string[]]>;
  getSentinelNode(): unknown;
}

/** A connected client of ioredis or node-redis. The store opens no connection and closes none. */
export type RedisClient = Ioredis | NodeRedis | NodeRedisCluster | NodeRedisSentinel;

/** What the store asks of a client, whichever it is. Reads go to masters only. */
export interface Commands {
  /** One command, on the node that holds `key`. `signal` takes it back as long as it was not sent, where the client can do that. */
  send(key: string, args: string[], signal?: AbortSignal): Promise<unknown>;
  /** Two commands on one connection, the second right after the first, and neither without the other. A refusal of the first rejects. */
  together(key: string, first: string[], second: string[]): Promise<readonly [unknown, unknown]>;
}

/**
 * The only place that knows clients apart.
 * @throws HoldfastError `config` for what is no such client, or one that reads from replicas.
 */
export function commandsOf(client: RedisClient, option: string): Commands {
  if (typeof client !== "object" || client === null) throw wrongOption(option, "must be a client of ioredis or node-redis.");
  if ("call" in client) return ofIoredis(client, option);
  if (!("sendCommand" in client)) throw wrongOption(option, "must be a client of ioredis or node-redis.");
  if ("getSlotRandomNode" in client) {
    return {
      send: (key, args, signal) => client.sendCommand(key, false, args, signal && { abortSignal: signal }),
      together: (key, ...commands) => pair(client.multi(key), commands.map((args) => [key, false, args])),
    };
  }
  if ("getSentinelNode" in client) {
    return {
      send: (_key, args, signal) => client.sendCommand(false, args, signal && { abortSignal: signal }),
      together: (_key, ...commands) => pair(client.multi(), commands.map((args) => [false, args])),
    };
  }
  return {
    send: (_key, args, signal) => client.sendCommand(args, signal && { abortSignal: signal }),
    together: (_key, ...commands) => pair(client.multi(), commands.map((args) => [args])),
  };
}

async function pair<Command extends readonly unknown[]>(queue: Queue<Command>, commands: readonly Command[]): Promise<readonly [unknown, unknown]> {
  for (const command of commands) queue.addCommand(...command);
  return (await queue.execAsPipeline()) as [unknown, unknown];
}

function ofIoredis(client: Ioredis, option: string): Commands {
  // A replica lags: what was revoked would be let in.
  const { scaleReads = "master", role = "master", readOnly }: Readonly<Record<string, unknown>> = (client as { readonly options?: Record<string, unknown> }).options ?? {};
  if (scaleReads !== "master" || role !== "master" || readOnly === true) throw wrongOption(option, 'reads from replicas. Leave out scaleReads, readOnly and role: "slave".');
  return {
    send: (_key, [name = "", ...args]) => client.call(name, args),
    async together(_key, ...commands) {
      const answers = (await client.pipeline(commands.map(([name = "", ...args]) => [name.toLowerCase(), ...args])).exec()) ?? [];
      for (const [error] of answers) if (error) throw error;
      return [answers[0]?.[1], answers[1]?.[1]];
    },
  };
}
