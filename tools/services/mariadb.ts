import { dirname, join } from "node:path";
import { pathOf } from "../lib/programs.ts";
import { type Server, startServer } from "./server.ts";

/** A server of its own with the user `root`, who needs no password, and the database `test`. */
export const startMariadb = (program: string, args: readonly string[] = []): Promise<Server> => {
  // Temporary files too: not everybody may write to /tmp on every machine.
  const files = (folder: string): string[] => [`--datadir=${join(folder, "data")}`, `--tmpdir=${folder}`];
  return startServer({
    program,
    prepare: ({ folder }) => [
      [installer(program), "--no-defaults", ...files(folder), "--auth-root-authentication-method=normal", "--skip-name-resolve"],
    ],
    args: ({ folder, port }) => ["--no-defaults", ...files(folder), `--socket=${join(folder, "s")}`, `--port=${port}`, "--bind-address=127.0.0.1", "--skip-name-resolve", ...args],
    url: ({ port }) => `mysql://root@127.0.0.1:${port}/test`,
    greeting: "",
    // The server speaks first: a packet that begins with protocol version 10.
    answer: /^...\0\n/s,
  });
};

const installer = (program: string): string => {
  const name = "mariadb-install-db";
  const found = pathOf({ name, variable: "MARIADB_INSTALL_DB_PATH", usual: [join(dirname(program), "../bin", name), join(dirname(program), name)], packages: [] });
  if (found === undefined) throw new Error(`no ${name} near ${program}`);
  return found;
};
