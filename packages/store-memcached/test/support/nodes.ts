import { connectMemcached, type MemcachedConnection } from "@holdfast/store-memcached/connect";
import type { Server } from "../../../../tools/services/server.ts";

/** A connection to each of them, as an application opens it. */
export const connectTo = (servers: readonly Pick<Server, "port">[]): MemcachedConnection[] => servers.map(({ port }) => connectMemcached(`127.0.0.1:${port}`));
