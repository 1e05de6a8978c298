import { createServer, type ListenOptions } from "node:net";

/** Below the ports that systems take for outgoing connections and for whoever does not care: a server that is killed finds its own free when it comes back. */
const [FIRST, COUNT] = [12_000, 20_000] as const;

let next = Math.floor(Math.random() * COUNT);

/** A port of 127.0.0.1 that was free a moment ago, for programs that cannot choose one themselves. While this process lives nobody is given the same. */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < COUNT; tries++) {
    const port = FIRST + next;
    next = (next + 1) % COUNT;
    if ((await claim(port)) && (await listens({ port, host: "127.0.0.1" }, false))) return port;
  }
  throw new Error(`All ports from ${FIRST} to ${FIRST + COUNT - 1} are taken.`);
}

/** By a socket without a file, which only Linux has: it goes with the process, however that ends. */
const claim = async (port: number): Promise<boolean> => process.platform !== "linux" || listens({ path: `\0holdfast-port-${port}` }, true);

/** Whether one can listen there. */
const listens = (where: ListenOptions, stay: boolean): Promise<boolean> =>
  new Promise((resolve) => {
    const server = createServer().once("error", () => void resolve(false));
    server.listen(where, () => {
      if (!stay) return void server.close(() => void resolve(true));
      server.unref();
      resolve(true);
    });
  });
