import { startDynamodb } from "./dynamodb.ts";
import { startMariadb } from "./mariadb.ts";
import { startMemcached } from "./memcached.ts";
import { startPostgres } from "./postgres.ts";
import type { ServiceName } from "./programs.ts";
import { startRedis } from "./redis.ts";
import type { Server } from "./server.ts";

/** Poolers, balancers and rules are nothing without servers behind them. */
export type Alone = Exclude<ServiceName, "pgbouncer" | "haproxy" | "nginx" | "caddy" | "newHaproxy" | "newNginx" | "newCaddy" | "nftables">;

/** How each is started as it is. */
export const STARTS: Readonly<Record<Alone, (program: string) => Promise<Server>>> = {
  redis: startRedis,
  valkey: startRedis,
  memcached: startMemcached,
  postgres: startPostgres,
  mariadb: startMariadb,
  dynamodb: startDynamodb,
};
