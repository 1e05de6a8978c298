import { startUp, urlOf } from "./postgres.ts";
import { type Server, startServer } from "./server.ts";

/** A pooler in front of the PostgreSQL at `url` that gives a connection away after each transaction. It keeps nothing of a client's session. */
export const startPgbouncer = (program: string, { url }: Pick<Server, "url">): Promise<Server> => {
  const { hostname, port, username, password, pathname } = new URL(url);
  const target = Object.entries({ host: hostname, port: port || "5432", user: username, password }).flatMap(([name, value]) => (value === "" ? [] : `${name}='${decodeURIComponent(value)}'`));
  return startServer({
    program,
    files: (place) => ({
      "users.txt": '"app" ""\n',
      "pgbouncer.ini": [
        "[databases]",
        `* = ${target.join(" ")}`,
        "[pgbouncer]",
        ...Object.entries({ listen_addr: "127.0.0.1", listen_port: String(place.port), unix_socket_dir: place.folder, auth_type: "trust", auth_file: `${place.folder}/users.txt`, pool_mode: "transaction", default_pool_size: "5", max_client_conn: "500" }).map(([name, value]) => `${name} = ${value}`),
        "",
      ].join("\n"),
    }),
    args: ({ folder }) => [`${folder}/pgbouncer.ini`],
    url: (place) => Object.assign(new URL(urlOf(place)), { pathname }).href,
    greeting: startUp({ user: "app", database: decodeURIComponent(pathname.slice(1)) }),
    answer: /^R/,
    stop: "SIGINT",
  });
};
