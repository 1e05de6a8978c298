import { type Postgres, startUp, withUrl } from "./postgres.ts";
import { startServer } from "./server.ts";

/** A pooler in front of `postgres` that gives a connection away after each transaction. It keeps nothing of a client's session. */
export const startPgbouncer = async (program: string, postgres: Pick<Postgres, "port">, settings: Readonly<Record<string, string>> = {}): Promise<Postgres> => {
  const server = await startServer({
    program,
    files: ({ folder, port }) => ({
      "users.txt": '"app" ""\n',
      "pgbouncer.ini": [
        "[databases]",
        `* = host=127.0.0.1 port=${postgres.port}`,
        "[pgbouncer]",
        ...Object.entries({ listen_addr: "127.0.0.1", listen_port: String(port), unix_socket_dir: folder, auth_type: "trust", auth_file: `${folder}/users.txt`, pool_mode: "transaction", default_pool_size: "5", max_client_conn: "500", ...settings }).map(([name, value]) => `${name} = ${value}`),
        "",
      ].join("\n"),
    }),
    args: ({ folder }) => [`${folder}/pgbouncer.ini`],
    greeting: startUp({ user: "app", database: "postgres" }),
    answer: /^R/,
    stop: "SIGINT",
  });
  return withUrl(server);
};
