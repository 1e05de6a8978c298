import { randomBytes } from "node:crypto";
import fastifyCookie from "@fastify/cookie";
import fastifySession from "@fastify/session";
import { type SessionEnv as HonoSessionEnv, useSession, useSessionStorage } from "@hono/session";
import connectPg from "connect-pg-simple";
import { RedisStore } from "connect-redis";
import express from "express";
import expressSession, { type Store } from "express-session";
import fastify from "fastify";
import { Hono } from "hono";
import { type Session as HonoSessionsSession, sessionMiddleware } from "hono-sessions";
import { USER, type User } from "../app.ts";
import { type Contender, listen, onHono, type Serving } from "./contender.ts";
import { openNodeRedis, openPg } from "./engines.ts";

const LIFE = 1_800_000;
const secret = (): string => randomBytes(32).toString("hex");

/** Its defaults, but for the two settings whose defaults its own README advises against. */
function onExpress(store: Store): Promise<Serving> {
  const app = express();
  app.use(expressSession({ store, secret: secret(), resave: false, saveUninitialized: false, cookie: { maxAge: LIFE } }));
  app.get("/", (request, response) => void response.json({ user: request.session.user?.user ?? null }));
  app.get("/sign-in", (request, response) => {
    request.session.user = USER;
    response.send("ok");
  });
  return listen(app);
}

async function onFastify(url: string): Promise<Serving> {
  const app = fastify();
  await app.register(fastifyCookie);
  const store = new RedisStore({ client: await openNodeRedis(url) });
  await app.register(fastifySession, { store, secret: secret(), saveUninitialized: false, cookie: { secure: false, maxAge: LIFE } });
  app.get("/", (request, reply) => void reply.send({ user: request.session.get("user")?.user ?? null }));
  app.get("/sign-in", (request, reply) => {
    request.session.set("user", USER);
    void reply.send("ok");
  });
  await app.ready();
  return listen(app.routing);
}

/** It has no store for Redis: the least one is written here. */
async function onHonoSessions(url: string): Promise<Serving> {
  const redis = await openNodeRedis(url);
  const store = {
    getSessionById: async (id?: string) => (id === undefined ? null : JSON.parse((await redis.get(id)) ?? "null")),
    createSession: async (id: string, data: unknown) => void (await redis.set(id, JSON.stringify(data), { PX: LIFE })),
    persistSessionData: async (id: string, data: unknown) => void (await redis.set(id, JSON.stringify(data), { PX: LIFE })),
    deleteSession: async (id: string) => void (await redis.del(id)),
  };
  const app = new Hono<{ Variables: { session: HonoSessionsSession<{ user: User }> } }>()
    .use(sessionMiddleware({ store, expireAfterSeconds: LIFE / 1000 }))
    .get("/", (c) => c.json({ user: c.var.session.get("user")?.user ?? null }))
    .get("/sign-in", (c) => {
      c.var.session.set("user", USER);
      return c.text("ok");
    });
  return onHono(app);
}

/** The same: its storage is an interface. */
async function onHonoSession(url: string): Promise<Serving> {
  const redis = await openNodeRedis(url);
  const storage = {
    get: async (id: string) => JSON.parse((await redis.get(id)) ?? "null") as User | null,
    set: async (id: string, data: User) => void (await redis.set(id, JSON.stringify(data), { PX: LIFE })),
    delete: async (id: string) => void (await redis.del(id)),
  };
  const app = new Hono<HonoSessionEnv<User>>()
    .use(useSessionStorage(storage), useSession<User>({ secret: secret(), duration: { absolute: 8 * 3600 } }))
    .get("/", async (c) => c.json({ user: (await c.var.session.get())?.user ?? null }))
    .get("/sign-in", async (c) => {
      await c.var.session.update(USER);
      return c.text("ok");
    });
  return onHono(app);
}

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
