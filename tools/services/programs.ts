import { existsSync } from "node:fs";
import { type Program, programFor } from "../lib/programs.ts";
import { backport, unpacked } from "./backport.ts";
import { DYNAMODB_JAR, fetchDynamodb } from "./fetch-dynamodb.ts";
import { givenServer } from "./given.ts";
import { fetchNewer, newer } from "./newer.ts";

export type ServiceName = "redis" | "valkey" | "memcached" | "postgres" | "pgbouncer" | "mariadb" | "dynamodb" | "haproxy" | "nginx" | "caddy" | "newHaproxy" | "newNginx" | "newCaddy" | "nftables";

/** The servers of the store tests. Each test starts its own, see the file of its name, or talks to one that is given (plain.ts). */
export const SERVICES: Readonly<Record<ServiceName, Program>> = {
  redis: {
    name: "Redis",
    variable: "REDIS_SERVER_PATH",
    usual: ["/usr/bin/redis-server", "/usr/local/bin/redis-server", "/opt/homebrew/bin/redis-server"],
    packages: ["redis-server"],
  },
  valkey: {
    name: "Valkey 8",
    variable: "VALKEY_SERVER_PATH",
    usual: ["/usr/bin/valkey-server", "/usr/local/bin/valkey-server", "/opt/homebrew/bin/valkey-server", unpacked("usr/bin/valkey-server")],
    packages: [],
    fetch: () => backport(["valkey-server", "valkey-tools"]),
  },
  memcached: {
    name: "memcached",
    variable: "MEMCACHED_PATH",
    usual: ["/usr/bin/memcached", "/usr/local/bin/memcached", "/opt/homebrew/bin/memcached"],
    packages: ["memcached"],
  },
  postgres: {
    name: "PostgreSQL",
    variable: "POSTGRES_PATH",
    usual: ["/usr/lib/postgresql/17/bin/postgres", "/usr/lib/postgresql/16/bin/postgres", "/usr/lib/postgresql/15/bin/postgres", "/usr/local/bin/postgres", "/opt/homebrew/bin/postgres"],
    packages: ["postgresql-15"],
  },
  pgbouncer: {
    name: "PgBouncer",
    variable: "PGBOUNCER_PATH",
    usual: ["/usr/sbin/pgbouncer", "/usr/bin/pgbouncer", "/usr/local/bin/pgbouncer", "/opt/homebrew/bin/pgbouncer"],
    packages: ["pgbouncer"],
  },
  mariadb: {
    name: "MariaDB",
    variable: "MARIADBD_PATH",
    usual: ["/usr/sbin/mariadbd", "/usr/local/bin/mariadbd", "/opt/homebrew/bin/mariadbd"],
    packages: ["mariadb-server"],
  },
  dynamodb: {
    name: "DynamoDB Local",
    variable: "DYNAMODB_LOCAL_PATH",
    usual: [DYNAMODB_JAR],
    // It listens on every interface, so it runs in a network of its own (dynamodb.ts).
    beside: ["/usr/bin/java", "/usr/bin/unshare", "/usr/bin/setpriv", "/usr/sbin/ip"],
    packages: ["default-jre-headless", "iproute2"],
    fetch: fetchDynamodb,
  },
  haproxy: { name: "HAProxy", variable: "HAPROXY_PATH", usual: ["/usr/sbin/haproxy", "/usr/local/sbin/haproxy", "/opt/homebrew/bin/haproxy"], packages: ["haproxy"] },
  nginx: { name: "NGINX", variable: "NGINX_PATH", usual: ["/usr/sbin/nginx", "/usr/local/sbin/nginx", "/opt/homebrew/bin/nginx"], packages: ["nginx-light"] },
  caddy: { name: "Caddy", variable: "CADDY_PATH", usual: ["/usr/bin/caddy", "/usr/local/bin/caddy", "/opt/homebrew/bin/caddy"], packages: ["caddy"] },
  // The same in the versions of a newer Debian: NGINX has `sticky` since 1.29.6. One fetch brings all three.
  newNginx: { name: "NGINX 1.30", variable: "NEW_NGINX_PATH", usual: [newer("nginx")], packages: [], fetch: fetchNewer, optional: true },
  newHaproxy: { name: "HAProxy 3.2", variable: "NEW_HAPROXY_PATH", usual: [newer("haproxy")], packages: [], fetch: () => missing("haproxy"), optional: true },
  newCaddy: { name: "Caddy 2.11", variable: "NEW_CADDY_PATH", usual: [newer("caddy")], packages: [], fetch: () => missing("caddy"), optional: true },
  nftables: { name: "nftables", variable: "NFT_PATH", usual: ["/usr/sbin/nft"], beside: ["/usr/bin/unshare", "/usr/sbin/ip"], packages: ["nftables", "iproute2"] },
};

/** It came with newNginx, which stands before it, or not at all. */
const missing = (name: string): string | undefined => (existsSync(newer(name)) ? undefined : fetchNewer());

/** Somebody wants the tests to use a server of his instead: none is started, unless a program is named as well. */
export const isGiven = (service: ServiceName): boolean => givenServer(service) !== undefined && !process.env[SERVICES[service].variable];

/** The program of a server, for a suite that kills, stops or configures it, or leaves something in it; see `programFor`. Where one is given, that is not done to it. */
export const serviceFor = (service: ServiceName, what: string): string | undefined => {
  const { name, variable } = SERVICES[service];
  if (!isGiven(service)) return programFor(SERVICES[service], what);
  console.warn(`\n  SKIPPED: ${givenServer(service)?.variable ?? ""} is given, and this suite needs a ${name} that it may kill, stop and configure: ${what} NOT tested with it. Set ${variable} for one of its own.\n`);
  return undefined;
};
