import { connect } from "node:net";
import { connectMemcached, type MemcachedConnection } from "@holdfast/store-memcached/connect";

export interface Address {
  readonly host: string;
  readonly port: number;
}

/** A connection to each of them, as an application opens it. */
export const connectTo = (nodes: readonly Address[]): MemcachedConnection[] => nodes.map(({ host, port }) => connectMemcached(`${host}:${port}`));

/** Asks a server in the text protocol, past the store: the lines of its answer up to the one that ends it. */
export async function command({ host, port }: Address, text: string, end: RegExp): Promise<string> {
  const socket = connect({ port, host });
  try {
    let heard = "";
    socket.write(`${text}\r\n`);
    for await (const chunk of socket) {
      heard += String(chunk);
      if (end.test(heard)) break;
    }
    return heard;
  } finally {
    socket.destroy();
  }
}

/** A number of `stats`. */
export const stat = async (server: Address, name: string): Promise<number> =>
  Number(new RegExp(`STAT ${name} (\\d+)`).exec(await command(server, "stats", /END\r\n$/))?.[1]);

/** The keys that it has. Rejects while it tells them somebody else. */
export const keysOf = async (server: Address): Promise<string[]> => {
  const told = await command(server, "lru_crawler metadump all", /(END|BUSY.*|ERROR.*)\r\n$/);
  if (!told.endsWith("END\r\n")) throw new Error(told);
  return [...told.matchAll(/key=(\S+)/g)].map(([, key = ""]) => decodeURIComponent(key));
};
