import { createHash, randomBytes } from "node:crypto";
import express from "express";
import fastify from "fastify";
import { Hono } from "hono";
import { getCookie, setCookie } from "hono/cookie";
import { type App, USER, type User } from "../app.ts";
import { honoHost } from "./hono-host.ts";
import { nodeHost } from "./node-host.ts";

export const bareHono = (): App => honoHost(new Hono().get("/", (c) => c.json({ user: USER.user })), []);

export const bareExpress = (): App => nodeHost(express().get("/", (_request, response) => void response.json({ user: USER.user })), ["express"]);

export async function bareFastify(): Promise<App> {
  const app = fastify();
  app.get("/", (_request, reply) => void reply.send({ user: USER.user }));
  await app.ready();
  return nodeHost(app.routing, ["fastify"]);
}

/** The least that a session with a server-side row and a hashed credential can do: read a cookie, hash it, look it up. */
export function floor(): App {
  const rows = new Map<string, User>();
  const hash = (token: string): string => createHash("sha256").update(token).digest("base64url");
  const app = new Hono()
    .get("/", (c) => c.json({ user: rows.get(hash(getCookie(c, "sid") ?? ""))?.user ?? null }))
    .get("/sign-in", (c) => {
      const token = randomBytes(32).toString("base64url");
      rows.set(hash(token), USER);
      setCookie(c, "sid", token);
      return c.text("ok");
    });
  return honoHost(app, []);
}
