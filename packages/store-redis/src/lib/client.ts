import { wrongOption } from "./errors.ts";
import { sentWhenReady } from "./when-ready.ts";

/** `Redis` and `Cluster` of ioredis, connected to one server, through Sentinel or to a cluster. */
interface Ioredis {
  readonly status?: string;
  call(command: string, args: string[]): Promise<unknown>;
  pipeline(commands: string[][]): { exec(): Promise<[error: Error | null, reply: unknown][] | null> };
}

interface Queue<Command extends readonly unknown[]> {
  addCommand(...command: Command): unknown;
  execAsPipeline(): Promise<unknown>;
}

/** `createClient` and `createClientPool` of node-redis 5 and 6. */
interface NodeRedis {
  sendCommand(args: string[]): Promise<unknown>;
  multi(): Queue<[args: string[]]>;
}

/** `createCluster` of node-redis. */
interface NodeRedisCluster {
  sendCommand(firstKey: string | undefined, isReadonly: boolean | undefined, args: string[]): Promise<unknown>;
  multi(routing?: string): Queue<[firstKey: string | undefined, isReadonly: boolean | undefined, args: string[]]>;
  getSlotRandomNode(slot: number): unknown;
  readonly masters: readonly unknown[];
  nodeClient(node: never): Pick<NodeRedis, "sendCommand"> | Promise<Pick<NodeRedis, "sendCommand">>;
}

/** `createSentinel` of node-redis. */
interface NodeRedisSentinel {
  sendCommand(isReadonly: boolean | undefined, args: string[]): Promise<unknown>;
  multi(): Queue<[isReadonly: boolean | undefined, args: string[]]>;
  getSentinelNode(): unknown;
}

/** A connected client of ioredis or node-redis. The store opens no connection and closes none. */
export type RedisClient = Ioredis | NodeRedis | NodeRedisCluster | NodeRedisSentinel;

/** What the store asks of a client, whichever it is. Reads go to masters only. */
export interface Commands {
  /** Whether every command takes one and the same connection. */
  readonly oneConnection: boolean;
  /** Whether what is sent now would wait for a connection, where that is known. */
  away?(): boolean;
  /** One command, on the node that holds `key`. What `signal` ends while the client has no connection is never sent. */
  send(key: string, args: string[], signal?: AbortSignal): Promise<unknown>;
  /** Two commands on one connection, the second right after the first, and neither without the other. A refusal of the first rejects. */
  together(key: string, first: string[], second: string[], signal?: AbortSignal): Promise<readonly [unknown, unknown]>;
  /** One command to each master there is: the answers, of which some may reject. */
  sendToAll(args: string[]): Promise<readonly Promise<unknown>[]>;
}

/** @throws HoldfastError `config` for what is no such client, or one that reads from replicas. */
export function commandsOf(client: RedisClient, option: string): Commands {
  const commands = plainly(client, option);
  // Those of node-redis with several connections do not tell of one: Sentinel has no event in 5, Cluster in none.
  return "getSentinelNode" in client || "getSlotRandomNode" in client ? commands : sentWhenReady(client, commands);
}

/** The only place that knows clients apart. */
function plainly(client: RedisClient, option: string): Commands {
  if (typeof client !== "object" || client === null) throw wrongOption(option, "must be a client of ioredis or node-redis.");
  if ("call" in client) return ofIoredis(client, option);
  if (!("sendCommand" in client)) throw wrongOption(option, "must be a client of ioredis or node-redis.");
  if ("getSlotRandomNode" in client) {
    return {
      oneConnection: false,
      send: (key, args) => client.sendCommand(key, false, args),
      together: (key, first, second) => pair(client.multi(key), [[key, false, first], [key, false, second]]),
      sendToAll: async (args) => client.masters.map(async (node) => (await client.nodeClient(node as never)).sendCommand(args)),
    };
  }
  if ("getSentinelNode" in client) {
    return {
      oneConnection: true,
      send: (_key, args) => client.sendCommand(false, args),
      together: (_key, first, second) => pair(client.multi(), [[false, first], [false, second]]),
      sendToAll: async (args) => [client.sendCommand(false, args)],
    };
  }
  return {
    oneConnection: !("totalClients" in client),
    send: (_key, args) => client.sendCommand(args),
    together: (_key, first, second) => pair(client.multi(), [[first], [second]]),
    sendToAll: async (args) => [client.sendCommand(args)],
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
  const { isCluster = false, nodes } = client as { readonly isCluster?: boolean; nodes?(role: "master"): Ioredis[] };
  const send = (node: Ioredis, [name = "", ...args]: string[]): Promise<unknown> => node.call(name, args);
  return {
    oneConnection: !isCluster,
    send: (_key, args) => send(client, args),
    async together(_key, first, second) {
      const answers = (await client.pipeline([first, second].map(([name = "", ...args]) => [name.toLowerCase(), ...args])).exec()) ?? [];
      for (const [error] of answers) if (error) throw error;
      return [answers[0]?.[1], answers[1]?.[1]];
    },
    async sendToAll(args) {
      if (!isCluster || !nodes) return [send(client, args)];
      const masters = (): Ioredis[] => nodes.call(client, "master");
      // It knows them once it is ready: before that, all nodes that it was given count as masters.
      if (client.status !== "ready" || masters().length === 0) await send(client, args);
      return masters().map((node) => send(node, args));
    },
  };
}
