import { givenServer } from "../../../../tools/services/given.ts";
import { startMemcached } from "../../../../tools/services/memcached.ts";
import { ownName, plainServer, type Source } from "../../../../tools/services/plain.ts";
import { type Address, command, keysOf } from "./nodes.ts";

/** Keys of one's own on nodes that others may use. */
export interface Place {
  readonly nodes: readonly Address[];
  readonly prefix: string;
  /** Removes whatever is under the prefix. */
  remove(): Promise<void>;
}

const nodesOf = (url: string): Address[] =>
  url.slice("memcached://".length).split(",").map((node) => {
    const { hostname: host, port } = new URL(`memcached://${node}`);
    return { host, port: Number(port || 11_211) };
  });

/** For tests that only talk to the nodes: where they may. Those that are given, or two of their own. */
export function placesOn(what: string): Source<Place> & { readonly count: number } {
  const given = givenServer("memcached");
  const { here, open } = plainServer("memcached", what, async (program) => {
    const nodes = await Promise.all([1, 2].map(() => startMemcached(program)));
    return { url: `memcached://${nodes.map(({ host, port }) => `${host}:${port}`).join(",")}`, stop: async () => void (await Promise.all(nodes.map((node) => node.stop()))) };
  });
  return {
    here,
    count: given ? nodesOf(given.url).length : 2,
    async open() {
      const { url, stop } = await open();
      const nodes = nodesOf(url);
      const prefix = `${ownName()}:`;
      return {
        nodes,
        prefix,
        async remove() {
          for (const node of nodes) {
            for (const key of await keysOf(node, prefix)) await command(node, `md ${key}`, /\r\n$/);
          }
          await stop();
        },
      };
    },
  };
}
