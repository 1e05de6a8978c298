import { startDynamodb } from "./dynamodb.ts";
import { startMariadb } from "./mariadb.ts";
import { startMemcached } from "./memcached.ts";
import { startPostgres } from "./postgres.ts";
import type { ServiceName } from "./programs.ts";
import { startRedis } from "./redis.ts";
import type { Server } from "./server.ts";

/** PgBouncer is nothing without a server behind it. */
export type Alone = Exclude<ServiceName, "pgbouncer">;

/** How each is started as it is. */
export const STARTS: Readonly<Record<Alone, (program: string) => Promise<Server>>> = {
  redis: startRedis,
  valkey: startRedis,
  memcached: startMemcached,
  postgres: startPostgres,
  mariadb: startMariadb,
  dynamodb: startDynamodb,
};
