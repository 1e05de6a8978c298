import { createServer } from "node:https";
import { getRequestListener } from "@hono/node-server";
import { type CookieOptions, createSessions, generateKeys, type Sessions } from "@holdfast/session-core";
import { type BindingEvent, createDeviceBinding, type DeviceBindingOptions } from "@holdfast/session-core/bound";
import { createMemoryStore } from "@holdfast/session-core/memory";
import { csrf, holdfastErrorHandler, requireSession, type SessionEnv, sessionRoutes } from "@holdfast/session-hono";
import { bindingRoutes, boundSession } from "@holdfast/session-hono/bound";
import { Hono } from "hono";
import type { Certificate } from "./certificate.ts";

interface Data {
  readonly orders: number;
}

export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Headers;
  readonly status: number;
}

/** A site that binds its sessions, with its own server, store and clock. */
export interface BoundSite {
  readonly origin: string;
  readonly sessions: Sessions<Data>;
  readonly seen: SeenRequest[];
  readonly events: BindingEvent[];
  move(ms: number): void;
  /** Tickets, as they were made. */
  readonly issued: string[];
  /** Held: a request for this path, a refresh else, waits before it is looked at, or its answer does before it leaves. */
  hold(when: "before" | "after", path?: string): void;
  release(): void;
  /** How many are held. */
  waiting(): number;
  /** Answers refreshes with this instead. */
  broken: number | undefined;
  of(path: string): readonly SeenRequest[];
  close(): Promise<void>;
}

export const REGISTER = "/session/dbsc/register";
export const REFRESH = "/session/dbsc/refresh";
const DAY = 86_400_000;

export async function startBoundSite({ key, cert }: Certificate, options: Partial<DeviceBindingOptions> = {}, cookie: CookieOptions = {}): Promise<BoundSite> {
  let offset = 0;
  const clock = { now: () => Date.now() + offset, wait: () => Promise.resolve() };
  const store = createMemoryStore({ clock });
  const keys = generateKeys(clock.now());
  const sessions = createSessions<Data>({ store, keys, clock, cookie, initial: { orders: 0 }, policy: { remember: { idle: DAY, absolute: DAY } } });
  const events: BindingEvent[] = [];
  // The icon too: Chromium asks for that of any answer that it shows, at a moment of its own, and would begin a refresh for it.
  const binding = createDeviceBinding(sessions, { store, keys, clock, exclude: ["/sign-in", "/static", "/favicon.ico"], onEvent: (event) => void events.push(event), ...options });

  const app = new Hono<SessionEnv<Data>>();
  app.onError(holdfastErrorHandler((error) => new Response(String(error), { status: 500 })));
  app.route("/", bindingRoutes(sessions, binding));
  app.use(csrf());
  app.use(boundSession(sessions, binding));
  app.route("/session", sessionRoutes(sessions, { now: clock.now }));
  app.get("/", (c) => c.html('<!doctype html><title>Bound</title><link rel="icon" href="data:,"><h1>Bound</h1>', 200, { "cache-control": "no-store" }));
  app.post("/sign-in", (c) => {
    c.var.session.start("ada", {}, { remember: true });
    return c.text("in");
  });
  app.get("/static/x", (c) => c.text("x"));
  app.on("GET", ["/api/orders", "/api/slow"], requireSession<Data>(), (c) => c.text(c.var.active.subject, 200, { "cache-control": "no-store" }));
  app.get("/picture", requireSession<Data>(), (c) => c.body('<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"/>', 200, { "content-type": "image/svg+xml", "cache-control": "no-store" }));

  const seen: SeenRequest[] = [];
  const issued: string[] = [];
  let held: "before" | "after" | undefined;
  let heldPath = REFRESH;
  let waiting: (() => void)[] = [];
  const wait = async (when: "before" | "after", path: string): Promise<void> => {
    if (held === when && path === heldPath) await new Promise<void>((go) => waiting.push(go));
  };
  const answer = async (request: Request): Promise<Response> => {
    const path = new URL(request.url).pathname;
    if (path === REFRESH && site.broken !== undefined) return new Response(null, { status: site.broken });
    await wait("before", path);
    const response = await app.fetch(request);
    for (const line of response.headers.getSetCookie()) {
      const [, ticket] = /^__Host-bound-[^=]+=([^;]+)/.exec(line) ?? [];
      if (ticket !== undefined) issued.push(ticket);
    }
    await wait("after", path);
    return response;
  };
  const server = createServer({ key, cert }, getRequestListener(async (request) => {
    const response = await answer(request);
    seen.push({ method: request.method, path: new URL(request.url).pathname, headers: request.headers, status: response.status });
    return response;
  }, { overrideGlobalObjects: false }));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();

  const site: BoundSite = {
    origin: `https://app.test:${typeof address === "object" && address ? address.port : 0}`,
    sessions,
    seen,
    events,
    broken: undefined,
    move: (ms) => void (offset += ms),
    issued,
    hold(when, path = REFRESH) {
      held = when;
      heldPath = path;
    },
    release() {
      held = undefined;
      for (const go of waiting) go();
      waiting = [];
    },
    waiting: () => waiting.length,
    of: (path) => seen.filter((request) => request.path === path),
    close: () =>
      new Promise((resolve) => {
        site.release();
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return site;
}
