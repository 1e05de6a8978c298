import { ownName, plainServer, type Source } from "../../../../tools/services/plain.ts";
import { startRedis } from "../../../../tools/services/redis.ts";
import { CLIENTS } from "./clients.ts";

/** Keys of one's own on a server that others may use. */
export interface Place {
  readonly url: string;
  readonly prefix: string;
  /** Removes whatever is under the prefix. */
  remove(): Promise<void>;
}

/** For tests that only talk to the server: where they may. */
export function placesOn(service: "redis" | "valkey", what: string): Source<Place> {
  const { here, open } = plainServer(service, what, startRedis);
  return {
    here,
    async open() {
      const { url, stop } = await open();
      const prefix = `${ownName()}:`;
      return {
        url,
        prefix,
        async remove() {
          const { command, close } = await CLIENTS["ioredis 6"](url);
          let cursor = "0";
          do {
            const [next, keys] = (await command("", "SCAN", cursor, "MATCH", `${prefix}*`, "COUNT", "1000")) as [string, string[]];
            if (keys.length > 0) await command("", "UNLINK", ...keys);
            cursor = next;
          } while (cursor !== "0");
          await close();
          await stop();
        },
      };
    },
  };
}
