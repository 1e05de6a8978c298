import { connect } from "node:net";
import { connectMemcached, type MemcachedConnection } from "@holdfast/store-memcached/connect";
import type { Server } from "../../../../tools/services/server.ts";

/** A connection to each of them, as an application opens it. */
export const connectTo = (servers: readonly Pick<Server, "port">[]): MemcachedConnection[] => servers.map(({ port }) => connectMemcached(`127.0.0.1:${port}`));

/** Asks a server in the text protocol, past the store: the lines of its answer up to the one that ends it. */
export async function command({ port }: Pick<Server, "port">, text: string, end: RegExp): Promise<string> {
  const socket = connect({ port, host: "127.0.0.1" });
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
export const stat = async (server: Pick<Server, "port">, name: string): Promise<number> =>
  Number(new RegExp(`STAT ${name} (\\d+)`).exec(await command(server, "stats", /END\r\n$/))?.[1]);

/** The keys that it has. */
export const keysOf = async (server: Pick<Server, "port">): Promise<string[]> =>
  [...(await command(server, "lru_crawler metadump all", /(END|BUSY.*)\r\n$/)).matchAll(/key=(\S+)/g)].map(([, key = ""]) => decodeURIComponent(key));
