import { type Server, startServer } from "./server.ts";

export interface MemcachedSettings {
  /** Memory for items. */
  readonly megabytes?: number;
  readonly args?: readonly string[];
  /** Written into its folder, by name; `args` may name them. */
  readonly files?: Readonly<Record<string, string>>;
  /** What an empty line that asks for the version gets, where that is another answer than usual. */
  readonly answer?: RegExp;
}

export const startMemcached = (program: string, { megabytes = 64, args = [], files = {}, answer = /^VERSION / }: MemcachedSettings = {}): Promise<Server> =>
  startServer({
    program,
    args: ({ port }) => ["-l", "127.0.0.1", "-p", String(port), "-U", "0", "-m", String(megabytes), ...args],
    files: () => files,
    url: ({ port }) => `memcached://127.0.0.1:${port}`,
    greeting: "version\r\n",
    answer,
    // It has nothing to save, and takes a second to say so.
    stop: "SIGKILL",
  });
