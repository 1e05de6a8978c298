import connectPg from "connect-pg-simple";
import { RedisStore } from "connect-redis";
import expressSession, { type Store } from "express-session";
import type { SessionData } from "hono-sessions";
import type { User } from "../app.ts";
import { expressApp, fastifyApp, honoSessionApp, honoSessionsApp } from "../apps/peers.ts";
import { type Contender, listen, onHono, type Serving } from "./contender.ts";
import { openNodeRedis, openPg } from "./engines.ts";

const LIFE = 1_800_000;

const onExpress = (store: Store): Promise<Serving> => listen(expressApp({ store, cookie: { maxAge: LIFE } }));

const onFastify = async (url: string): Promise<Serving> => listen(await fastifyApp({ store: new RedisStore({ client: await openNodeRedis(url) }), cookie: { maxAge: LIFE } }));

/** Two libraries have no store for Redis: the least one is written here. */
async function openStorage<T>(url: string) {
  const redis = await openNodeRedis(url);
  return {
    get: async (id: string): Promise<T | null> => JSON.parse((await redis.get(id)) ?? "null"),
    set: async (id: string, data: T): Promise<void> => void (await redis.set(id, JSON.stringify(data), { PX: LIFE })),
    delete: async (id: string): Promise<void> => void (await redis.del(id)),
  };
}

async function onHonoSessions(url: string): Promise<Serving> {
  const storage = await openStorage<SessionData>(url);
  return onHono(
    honoSessionsApp({
      getSessionById: (id) => (id === undefined ? null : storage.get(id)),
      createSession: storage.set,
      persistSessionData: storage.set,
      deleteSession: storage.delete,
    }),
  );
}

const onHonoSession = async (url: string): Promise<Serving> => onHono(honoSessionApp(await openStorage<User>(url)));

export const PEERS: readonly Contender[] = [
  { name: "express-session + connect-redis", engine: "redis", packages: ["express", "express-session", "connect-redis"], start: async (url) => onExpress(new RedisStore({ client: await openNodeRedis(url) })) },
  { name: "@fastify/session + connect-redis", engine: "redis", packages: ["fastify", "@fastify/session", "connect-redis"], start: onFastify },
  { name: "hono-sessions + a Redis store", engine: "redis", packages: ["hono-sessions"], start: onHonoSessions },
  { name: "@hono/session + a Redis storage", engine: "redis", packages: ["@hono/session"], start: onHonoSession },
  {
    name: "express-session + connect-pg-simple",
    engine: "postgres",
    table: "web_sessions",
    packages: ["express", "express-session", "connect-pg-simple"],
    async start(url) {
      const Pg = connectPg(expressSession);
      return onExpress(new Pg({ tableName: "web_sessions", pool: await openPg(url), createTableIfMissing: true, pruneSessionInterval: false }));
    },
  },
];
