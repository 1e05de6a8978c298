import { connect } from "node:net";
import { until } from "../../../store-contract/test/shared/kill.ts";
import { connectMemcached, type MemcachedConnection } from "@holdfast/store-memcached/connect";

export interface Address {
  readonly host: string;
  readonly port: number;
}

/** A connection to each of them, as an application opens it that is in no hurry. */
export const connectTo = (nodes: readonly Address[]): MemcachedConnection[] => nodes.map(({ host, port }) => connectMemcached(`${host}:${port}`, { timeoutMs: 60_000, connectTimeoutMs: 60_000 }));

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

/** One telling of the keys. Nothing while somebody else is told them, or the server still closes the telling before. */
async function tellKeys(server: Address): Promise<string[] | undefined> {
  const told = await command(server, "lru_crawler metadump all", /(END|BUSY.*|ERROR.*)\r\n$/);
  if (told.startsWith("ERROR")) throw new Error(told);
  return told.endsWith("END\r\n") ? [...told.matchAll(/key=(\S+)/g)].map(([, key = ""]) => decodeURIComponent(key)) : undefined;
}

/**
 * The keys of that prefix that it has, while nobody writes some. The server walks its lists one by one, and an item that it moves meanwhile from a
 * list to come to one that is done is told in neither: so a telling counts when the next is the same.
 */
export async function keysOf(server: Address, prefix = ""): Promise<string[]> {
  let keys: string[] = [];
  let before: string | undefined;
  await until(async () => {
    const told = (await tellKeys(server))?.filter((key) => key.startsWith(prefix)).sort();
    if (told === undefined) return false;
    const same = before === JSON.stringify(told);
    [keys, before] = [told, JSON.stringify(told)];
    return same;
  });
  return keys;
}
