import { createSessions, generateKeys } from "@holdfast/session-core";
import { cacheStore } from "@holdfast/session-core/near-cache";
import { type SessionStore, systemClock } from "@holdfast/session-core/store";
import { createPostgresStore, ensurePostgresSchema, pgPool, type PostgresRun, postgresJs } from "@holdfast/store-postgres";
import { createRedisStore } from "@holdfast/store-redis";
import { trackInvalidations } from "@holdfast/store-redis/tracking";
import { createClient } from "redis";
import { type Data, holdfastApp, PACKAGES } from "../apps/holdfast.ts";
import { type Contender, onHono, type Serving } from "./contender.ts";
import { openIoredis, openNodeRedis, openPg, openPostgresJs } from "./engines.ts";

function serve(store: SessionStore): Promise<Serving> {
  let ahead = 0;
  const sessions = createSessions<Data>({ store, keys: generateKeys(), clock: { ...systemClock, now: () => Date.now() + ahead } });
  return onHono(holdfastApp(sessions), { advance: (ms) => void (ahead += ms) });
}

async function onPostgres(run: PostgresRun): Promise<Serving> {
  await ensurePostgresSchema(run);
  return serve(createPostgresStore(run));
}

export const OURS: readonly Contender[] = [
  {
    name: "Holdfast, store-redis, node-redis",
    engine: "redis",
    floor: "bare Hono + one GET, node-redis",
    ours: true,
    packages: [...PACKAGES, "@holdfast/store-redis"],
    start: async (url) => serve(createRedisStore(await openNodeRedis(url))),
  },
  {
    name: "Holdfast, store-redis, ioredis",
    engine: "redis",
    floor: "bare Hono + one GET, ioredis",
    ours: true,
    packages: [...PACKAGES, "@holdfast/store-redis"],
    start: async (url) => serve(createRedisStore(await openIoredis(url))),
  },
  {
    name: "Holdfast, near cache over store-redis",
    engine: "redis",
    floor: "bare Hono",
    ours: true,
    packages: [...PACKAGES, "@holdfast/store-redis"],
    async start(url) {
      const tracker = createClient({ url, RESP: 3, emitInvalidate: true });
      tracker.on("error", (fault: Error) => console.error(fault.message));
      await tracker.connect();
      const store = createRedisStore(await openNodeRedis(url));
      return serve(cacheStore(store, { invalidations: trackInvalidations(store, tracker) }));
    },
  },
  {
    name: "Holdfast, store-postgres, pg",
    engine: "postgres",
    table: "holdfast_sessions",
    floor: "bare Hono + one named SELECT, pg",
    ours: true,
    packages: [...PACKAGES, "@holdfast/store-postgres", "pg"],
    start: async (url) => onPostgres(pgPool(await openPg(url))),
  },
  {
    name: "Holdfast, store-postgres, postgres.js",
    engine: "postgres",
    table: "holdfast_sessions",
    floor: "bare Hono + one named SELECT, postgres.js",
    ours: true,
    packages: [...PACKAGES, "@holdfast/store-postgres", "postgres"],
    start: (url) => onPostgres(postgresJs(openPostgresJs(url))),
  },
];
