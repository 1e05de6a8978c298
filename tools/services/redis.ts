import { type ServerPlan, type Server, startServer } from "./server.ts";

export interface RedisOptions {
  /** Lines of its configuration as arguments: `["--maxmemory", "10mb"]`. */
  readonly args?: readonly string[];
  readonly port?: number;
}

/** One Redis or Valkey without persistence. A replica, a node of a cluster and a sentinel are the same program with other arguments. */
export const startRedis = (program: string, { args = [], port }: RedisOptions = {}): Promise<Server> => startServer(redisPlan(program, args), port);

/** A sentinel wants a file that it can write to; `lines` is its first content. */
export const redisPlan = (program: string, args: readonly string[]): ServerPlan => ({
  program,
  args: ({ folder, port }) => ["--port", String(port), "--bind", "127.0.0.1", "--dir", folder, "--save", "", "--appendonly", "no", ...args],
  url: ({ port }) => `redis://127.0.0.1:${port}`,
  greeting: "PING\r\n",
  answer: /^(\+PONG|-NOAUTH)/,
});
