import { createServer } from "node:net";

/** Of this process: the system may give the same one again before anything listens there. */
const given = new Set<number>();

/** A port of 127.0.0.1 that was free a moment ago, for programs that cannot choose one themselves. Never the same twice. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = await anyPort();
    if (given.has(port)) continue;
    given.add(port);
    return port;
  }
}

const anyPort = (): Promise<number> =>
  new Promise((resolve, refuse) => {
    const server = createServer().once("error", refuse);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => (typeof address === "object" && address !== null ? resolve(address.port) : refuse(new Error("no port"))));
    });
  });
