import type { Env, Hono } from "hono";
import type { App } from "../app.ts";

/** Drives a Hono application by `fetch`, as its Node server does. */
export const honoHost = <E extends Env>(app: Hono<E>, packages: readonly string[]): App => ({
  packages: ["hono", ...packages],
  async get(path, cookie) {
    const response = await app.fetch(new Request(`https://bench.test${path}`, cookie === undefined ? {} : { headers: { cookie } }));
    return {
      status: response.status,
      cookies: () => response.headers.getSetCookie().map((header) => header.split(";", 1)[0] ?? ""),
      text: () => response.text(),
    };
  },
});
