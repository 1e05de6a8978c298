import { readFileSync } from "node:fs";
import { createServer, type ListenOptions } from "node:net";

/** Ports from `first` on, so many. */
export interface Ports {
  readonly first: number;
  readonly count: number;
}

const USUAL: Ports = { first: 12_000, count: 20_000 };
/** So many at least: a run takes hundreds at once. */
const ENOUGH = 2000;

/** Those that this system takes for outgoing connections, and gives to whoever does not care. What Linux takes is set for each machine, or container. */
export function outgoing(): Ports {
  try {
    const [first = 0, last = 0] = readFileSync("/proc/sys/net/ipv4/ip_local_port_range", "utf8").trim().split(/\s+/).map(Number);
    return { first, count: last - first + 1 };
  } catch {
    return { first: 32_768, count: 32_768 };
  }
}

/** Ports that no outgoing connection takes, so that a server that is killed finds its own free when it comes back: the usual ones below `taken`, or those above it, or lower ones. */
export function portsBeside(taken: Ports): Ports {
  const above = taken.first + taken.count;
  const spans = [[USUAL.first, Math.min(USUAL.first + USUAL.count, taken.first)], [above, 65_536], [2000, taken.first]] as const;
  const [first, end] = spans.find(([first, end]) => end - first >= ENOUGH) ?? [USUAL.first, USUAL.first + USUAL.count];
  return { first, count: end - first };
}

const { first: FIRST, count: COUNT } = portsBeside(outgoing());

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
