import { dirname, join } from "node:path";
import { type Place, type Server, startServer } from "./server.ts";

/** A cluster of its own with the superuser `app`, who needs no password. */
export const startPostgres = (program: string, settings: Readonly<Record<string, string>> = {}): Promise<Server> => {
  // Nothing outlives the test, so nothing has to reach a disk.
  const all = { fsync: "off", synchronous_commit: "off", full_page_writes: "off", ...settings };
  return startOn(program, all, (data) => ["initdb", "-D", data, "-U", "app", "-A", "trust", "--no-sync", "-E", "UTF8", "--locale=C.UTF-8"]);
};

/** A standby of `primary` with all it had when this was called, and what it writes from then on. */
export const startStandby = (program: string, primary: Pick<Server, "port">): Promise<Server> =>
  startOn(program, { fsync: "off", synchronous_standby_names: "" }, (data) => ["pg_basebackup", "-h", "127.0.0.1", "-p", String(primary.port), "-U", "app", "-D", data, "-R", "-X", "stream", "-c", "fast", "--no-sync"]);

/** A server on the folder that `making`, a program beside it, makes. */
const startOn = (program: string, settings: Readonly<Record<string, string>>, making: (data: string) => readonly [name: string, ...args: string[]]): Promise<Server> => {
  const data = (folder: string): string => join(folder, "data");
  return startServer({
    program,
    prepare: ({ folder }) => {
      const [name, ...args] = making(data(folder));
      return [[join(dirname(program), name), ...args]];
    },
    args: ({ folder, port }) => ["-D", data(folder), "-p", String(port), "-h", "127.0.0.1", "-k", folder, ...Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`])],
    url: urlOf,
    // A start-up message of protocol 3.0 for user and database `app`: a ready server answers R (authentication), one that starts up E (error).
    greeting: startUp({ user: "app", database: "postgres" }),
    answer: /^R/,
    // The processes of a postmaster that was killed notice it one by one.
    again: /pre-existing shared memory block/,
    stop: "SIGINT",
  });
};

export const urlOf = ({ port }: Place): string => `postgres://app@127.0.0.1:${port}/postgres`;

export const startUp = (parameters: Readonly<Record<string, string>>): string => {
  const words = Object.entries(parameters).flat().map((word) => `${word}\0`).join("");
  const message = Buffer.alloc(8 + words.length + 1);
  message.writeInt32BE(message.length, 0);
  message.writeInt32BE(3 << 16, 4);
  message.write(`${words}\0`, 8, "latin1");
  return message.toString("latin1");
};
