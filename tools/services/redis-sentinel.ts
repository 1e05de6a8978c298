import { redisPlan, startRedis } from "./redis.ts";
import { askRedis, untilRedis } from "./redis-ask.ts";
import { type Server, startServer } from "./server.ts";

export interface RedisSentinel {
  /** What the sentinels call the master. */
  readonly name: string;
  readonly master: Server;
  readonly replica: Server;
  readonly sentinels: readonly Server[];
  /** The port of whom the sentinels hold to be the master now. */
  masterPort(): Promise<number>;
  /** What the sentinels said, each for itself: who was down for whom, who voted for whom, when the next fail-over may be. */
  log(): string;
  stop(): Promise<void>;
}

/** A master, its replica and three sentinels that know one another: from now on the master may be killed. @param downAfter ms without an answer after which a master is down: many where none shall be */
export async function startRedisSentinel(program: string, { downAfter = 1000 }: { readonly downAfter?: number } = {}): Promise<RedisSentinel> {
  const name = "sessions";
  const servers: Server[] = [];
  const stop = async (): Promise<void> => void (await Promise.all(servers.map((server) => server.stop())));
  const begin = async (starting: Promise<Server>): Promise<Server> => {
    const server = await starting;
    servers.push(server);
    return server;
  };
  try {
    const master = await begin(startRedis(program, { args: ["--repl-diskless-sync-delay", "0"] }));
    const replica = await begin(startRedis(program, { args: ["--replicaof", "127.0.0.1", String(master.port)] }));
    await untilRedis(replica.port, "INFO replication", /master_link_status:up/);
    const sentinels: Server[] = [];
    for (let i = 0; i < 3; i++) sentinels.push(await begin(startSentinel(program, name, master.port, downAfter)));
    for (const { port } of sentinels) {
      // Killed earlier, the master would take the fail-over with it.
      await untilRedis(port, `SENTINEL MASTER ${name}`, /num-other-sentinels\r\n\$1\r\n2\r\n/);
      await untilRedis(port, `SENTINEL MASTER ${name}`, /num-slaves\r\n\$1\r\n1\r\n/);
    }
    const masterPort = async (): Promise<number> => {
      for (const { port } of sentinels) {
        const said = /\$\d+\r\n127\.0\.0\.1\r\n\$\d+\r\n(\d+)/.exec(await askRedis(port, `SENTINEL GET-MASTER-ADDR-BY-NAME ${name}`).catch(() => ""))?.[1];
        if (said !== undefined) return Number(said);
      }
      throw new Error("no sentinel answers");
    };
    const log = (): string => sentinels.map(({ port, output }) => `sentinel ${port}\n${output}`).join("\n");
    return { name, master, replica, sentinels, masterPort, log, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** A sentinel keeps what it learns in its configuration file, so it needs one to begin with. */
const startSentinel = (program: string, name: string, port: number, downAfter: number): Promise<Server> => {
  const lines = [`sentinel monitor ${name} 127.0.0.1 ${port} 2`, `sentinel down-after-milliseconds ${name} ${downAfter}`, `sentinel failover-timeout ${name} 5000`, `sentinel parallel-syncs ${name} 1`];
  const plan = redisPlan(program, []);
  return startServer({
    ...plan,
    prepare: () => [["/bin/sh", "-c", 'printf "%s\\n" "$@" > sentinel.conf', "sh", ...lines]],
    args: (place) => ["sentinel.conf", "--sentinel", "--port", String(place.port), "--bind", "127.0.0.1", "--dir", place.folder],
  });
};
