import { randomBytes } from "node:crypto";
import type { RequestListener } from "node:http";
import fastifyCookie from "@fastify/cookie";
import fastifySession, { type FastifySessionOptions } from "@fastify/session";
import { useSession, useSessionStorage, type SessionEnv as HonoSessionEnv } from "@hono/session";
import express, { type Express } from "express";
import expressSession, { type SessionOptions } from "express-session";
import fastify from "fastify";
import { Hono } from "hono";
import { MemoryStore, type Session as HonoSessionsSession, sessionMiddleware } from "hono-sessions";
import { getIronSession } from "iron-session";
import { type App, USER, type User } from "../app.ts";
import { honoHost } from "./hono-host.ts";
import { nodeHost } from "./node-host.ts";

declare module "express-session" {
  interface SessionData {
    user: User;
  }
}

declare module "fastify" {
  interface Session {
    user: User;
  }
}

const secret = (): string => randomBytes(32).toString("hex");

/** Its defaults, but for the two settings whose defaults its own README advises against; `store` in memory unless given. */
export function expressApp(options: Pick<SessionOptions, "store" | "cookie"> = {}): Express {
  const app = express();
  app.use(expressSession({ secret: secret(), resave: false, saveUninitialized: false, ...options }));
  app.get("/", (request, response) => void response.json({ user: request.session.user?.user ?? null }));
  app.get("/sign-in", (request, response) => {
    request.session.user = USER;
    response.send("ok");
  });
  return app;
}

export const expressSessions = (): App => nodeHost(expressApp(), ["express", "express-session"]);

/** Rolling is its default: each answer writes the session and sets the cookie again. */
export async function fastifyApp({ cookie, ...options }: Pick<FastifySessionOptions, "store" | "rolling" | "cookie"> = {}): Promise<RequestListener> {
  const app = fastify();
  await app.register(fastifyCookie);
  await app.register(fastifySession, { secret: secret(), saveUninitialized: false, cookie: { secure: false, ...cookie }, ...options });
  app.get("/", (request, reply) => void reply.send({ user: request.session.get("user")?.user ?? null }));
  app.get("/sign-in", (request, reply) => {
    request.session.set("user", USER);
    void reply.send("ok");
  });
  await app.ready();
  return app.routing;
}

export const fastifySessions = async (rolling: boolean): Promise<App> => nodeHost(await fastifyApp({ rolling }), ["fastify", "@fastify/session"]);

type SessionsStore = NonNullable<Parameters<typeof sessionMiddleware>[0]["store"]>;

export const honoSessionsApp = (store: SessionsStore) =>
  new Hono<{ Variables: { session: HonoSessionsSession<{ user: User }> } }>()
    .use(sessionMiddleware({ store, expireAfterSeconds: 1800 }))
    .get("/", (c) => c.json({ user: c.var.session.get("user")?.user ?? null }))
    .get("/sign-in", (c) => {
      c.var.session.set("user", USER);
      return c.text("ok");
    });

export const honoSessions = (): App => honoHost(honoSessionsApp(new MemoryStore()), ["hono-sessions"]);

interface Storage {
  get(id: string): User | null | Promise<User | null>;
  set(id: string, data: User): void | Promise<void>;
  delete(id: string): void | Promise<void>;
}

export const honoSessionApp = (storage: Storage) =>
  new Hono<HonoSessionEnv<User>>()
    .use(useSessionStorage(storage), useSession<User>({ secret: secret(), duration: { absolute: 8 * 3600 } }))
    .get("/", async (c) => c.json({ user: (await c.var.session.get())?.user ?? null }))
    .get("/sign-in", async (c) => {
      await c.var.session.update(USER);
      return c.text("ok");
    });

export function honoSession(): App {
  const rows = new Map<string, User>();
  const storage: Storage = { get: (id) => rows.get(id) ?? null, set: (id, data) => void rows.set(id, data), delete: (id) => void rows.delete(id) };
  return honoHost(honoSessionApp(storage), ["@hono/session"]);
}

/** Keeps no rows: the cookie is the session, sealed. */
export function ironSession(): App {
  const options = { cookieName: "sid", password: secret() };
  // Where a session that is only read would set its cookie.
  const unused = new Response();
  const app = new Hono()
    .get("/", async (c) => {
      const session = await getIronSession<Partial<User>>(c.req.raw, unused, options);
      return c.json({ user: session.user ?? null });
    })
    .get("/sign-in", async (c) => {
      const response = c.text("ok");
      const session = await getIronSession<Partial<User>>(c.req.raw, response, options);
      Object.assign(session, USER);
      await session.save();
      return response;
    });
  return honoHost(app, ["iron-session"]);
}
