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
  /** Commands of one chain are sent on one connection or not at all. */
  chainId?: symbol;
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
  readonly masters: readonly unknown[];
  nodeClient(node: never): { sendCommand(args: string[]): Promise<unknown> } | Promise<{ sendCommand(args: string[]): Promise<unknown> }>;
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
  /** Whether every command takes one and the same connection. */
  readonly oneConnection: boolean;
  /** One command, on the node that holds `key`. `signal` takes it back as long as it was not sent, where the client can do that. */
  send(key: string, args: string[], signal?: AbortSignal): Promise<unknown>;
  /** Two commands on one connection, the second right after the first, and neither without the other. A refusal of the first rejects. */
  together(key: string, first: string[], second: string[], signal?: AbortSignal): Promise<readonly [unknown, unknown]>;
  /** One command to each master there is. */
  sendToAll(args: string[]): Promise<readonly unknown[]>;
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
      oneConnection: false,
      send: (key, args, signal) => client.sendCommand(key, false, args, signal && { abortSignal: signal }),
      together: (key, ...commands) => pair(client.multi(key), both(commands).map((args) => [key, false, args])),
      sendToAll: (args) => Promise.all(client.masters.map(async (node) => (await client.nodeClient(node as never)).sendCommand(args))),
    };
  }
  if ("getSentinelNode" in client) {
    return {
      oneConnection: true,
      send: (_key, args, signal) => client.sendCommand(false, args, signal && { abortSignal: signal }),
      together: (_key, ...commands) => pair(client.multi(), both(commands).map((args) => [false, args])),
      sendToAll: async (args) => [await client.sendCommand(false, args)],
    };
  }
  const oneConnection = !("totalClients" in client);
  return {
    oneConnection,
    send: (_key, args, signal) => client.sendCommand(args, signal && { abortSignal: signal }),
    together: (_key, first, second, signal) => {
      if (!oneConnection) return pair(client.multi(), [[first], [second]]);
      // As `multi` does it, which takes no signal.
      const options = { chainId: Symbol("durable"), ...(signal && { abortSignal: signal }) };
      return Promise.all([client.sendCommand(first, options), client.sendCommand(second, options)]);
    },
    sendToAll: async (args) => [await client.sendCommand(args)],
  };
}

const both = ([first, second]: readonly [string[], string[], ...unknown[]]): [string[], string[]] => [first, second];

async function pair<Command extends readonly unknown[]>(queue: Queue<Command>, commands: readonly Command[]): Promise<readonly [unknown, unknown]> {
  for (const command of commands) queue.addCommand(...command);
  return (await queue.execAsPipeline()) as [unknown, unknown];
}

function ofIoredis(client: Ioredis, option: string): Commands {
  // A replica lags: what was revoked would be let in.
  const { scaleReads = "master", role = "master", readOnly }: Readonly<Record<string, unknown>> = (client as { readonly options?: Record<string, unknown> }).options ?? {};
  if (scaleReads !== "master" || role !== "master" || readOnly === true) throw wrongOption(option, 'reads from replicas. Leave out scaleReads, readOnly and role: "slave".');
  const { isCluster = false, nodes } = client as { readonly isCluster?: boolean; nodes?(role: "master"): Ioredis[] };
  const send = (node: Ioredis, [name = "", ...args]: string[]): Promise<unknown> => node.call(name, args);
  return {
    oneConnection: !isCluster,
    send: (_key, args) => send(client, args),
    async together(_key, ...commands) {
      const answers = (await client.pipeline(both(commands).map(([name = "", ...args]) => [name.toLowerCase(), ...args])).exec()) ?? [];
      for (const [error] of answers) if (error) throw error;
      return [answers[0]?.[1], answers[1]?.[1]];
    },
    async sendToAll(args) {
      // It knows the nodes once it is connected.
      const answer = await send(client, args);
      return isCluster && nodes ? Promise.all(nodes.call(client, "master").map((node) => send(node, args))) : [answer];
    },
  };
}
