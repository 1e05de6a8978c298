import { type Server, startServer } from "./server.ts";

/** @param megabytes of memory for items. */
export const startMemcached = (program: string, megabytes = 64): Promise<Server> =>
  startServer({
    program,
    args: ({ port }) => ["-l", "127.0.0.1", "-p", String(port), "-U", "0", "-m", String(megabytes)],
    greeting: "version\r\n",
    answer: /^VERSION /,
    // It has nothing to save, and takes a second to say so.
    stop: "SIGKILL",
  });
