import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { serve } from "@hono/node-server";
import { serveStatic } from "@hono/node-server/serve-static";
import { type Clock, systemClock } from "@holdfast/session-core";
import type { SessionView } from "@holdfast/session-protocol";
import { csrf, holdfastErrorHandler, requireSession, session, type SessionEnv, sessionRoutes } from "@holdfast/session-hono";
import { Hono } from "hono";
import { createShopSessions } from "./sessions.ts";
import { type Shop, textOf } from "./shop.ts";

export interface PagesOptions {
  /** What `vite build` made, with a slash at the end. */
  readonly dist: URL;
  /** Idle time in ms. Default a minute, so that one need not wait to see the warning. */
  readonly idle?: number;
  readonly clock?: Clock;
  /** What the framework makes of this view on the server; without it the page is drawn in the browser. */
  readonly render?: ((view: SessionView<Shop>) => string) | undefined;
}

/** The server of the examples with a page: the session routes, a sign-in, and the built page with the view of the session in it. */
export function createPages({ dist, idle = 60_000, clock = systemClock, render = () => "" }: PagesOptions): Hono<SessionEnv<Shop>> {
  const sessions = createShopSessions({ clock, policy: { idle, absolute: 8 * 3_600_000 } });
  const page = readFileSync(new URL("index.html", dist), "utf8");
  const app = new Hono<SessionEnv<Shop>>();

  app.onError(holdfastErrorHandler((_error, c) => c.text("Something went wrong", 500)));
  app.use(csrf());
  app.use("/assets/*", serveStatic({ root: fileURLToPath(dist) }));
  // Before the middleware: asking for the view is no activity.
  app.route("/session", sessionRoutes(sessions, { now: () => clock.now() }));
  app.use(session(sessions));

  app.get("/", (c) => {
    // The page's first state needs no request. `<` in data would end the script element.
    const view = sessions.view(c.var.session.state) as SessionView<Shop>;
    const json = JSON.stringify(view).replaceAll("<", "\\u003c");
    const html = page.replace("<!--session-->", () => `<script type="application/json" id="session">${json}</script>`).replace("<!--app-->", () => render(view));
    return c.html(html, 200, { "cache-control": "no-store" });
  });
  app.post("/sign-in", async (c) => {
    const user = textOf(await c.req.json(), "user"); // and a password, checked here
    if (user === undefined) return c.json({ error: "user" }, 400);
    c.var.session.start(user, {}, { carry: ["cart"] });
    return c.json({ user });
  });
  app.get("/orders", requireSession<Shop>(), (c) => c.json([`rope for ${c.var.active.subject}`]));
  return app;
}

/** @param port 0 for a free one */
export function listen({ fetch }: Pick<Hono<SessionEnv<Shop>>, "fetch">, port: number, hostname = "127.0.0.1"): Promise<{ readonly port: number; close(): void }> {
  return new Promise((resolve) => {
    const server = serve({ fetch, port, hostname }, ({ port }) => resolve({ port, close: () => void server.close() }));
  });
}

/** Listens on `PORT` and `HOST`; `IDLE` is the idle time in seconds. */
export async function servePages(dist: URL, render?: PagesOptions["render"]): Promise<void> {
  const { PORT = "3000", HOST = "127.0.0.1", IDLE = "60" } = process.env;
  const server = await listen(createPages({ dist, render, idle: Number(IDLE) * 1000 }), Number(PORT), HOST);
  console.log(`http://${HOST}:${server.port}`);
  process.once("SIGTERM", server.close);
}
