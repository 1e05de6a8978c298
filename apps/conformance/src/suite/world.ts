import { createSessions, type KeyRingFile, type SessionEvent, type Sessions, type SessionsOptions } from "@holdfast/session-core";
import { createMemoryStore } from "@holdfast/session-core/memory";
import { csrf, holdfastErrorHandler, requireFresh, requireSession, session, type SessionEnv, sessionRoutes, type RouteOptions } from "@holdfast/session-hono";
import { Hono } from "hono";
import { MINUTE } from "./times.ts";
export { MINUTE, SECOND } from "./times.ts";
export const ORIGIN = "https://shop.test";
export const START = Date.UTC(2026, 0, 1);

/** 32 octets of one value, base64url; the last character holds four bits. */
const secretOf = (fill: number): string => btoa(String.fromCharCode(...new Uint8Array(32).fill(fill))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");

/** The same everywhere, so that what one runtime writes another can read. */
export const KEYS: KeyRingFile = { subjectKey: secretOf(1), keys: [{ id: 1, secret: secretOf(2), state: "active", since: 0 }] };

export interface Clock {
  now(): number;
  wait(ms: number): Promise<void>;
  advance(ms: number): void;
}

export function clockAt(start = START): Clock {
  let now = start;
  return { now: () => now, wait: async (ms) => void (now += ms), advance: (ms) => void (now += ms) };
}

export interface Data {
  readonly cart: readonly string[];
}

export interface World {
  readonly app: Hono<SessionEnv<Data>>;
  readonly sessions: Sessions<Data>;
  readonly clock: Clock;
  readonly events: SessionEvent[];
  /** Verbs of the store, those of the epoch row aside, which is asked for beside a session's. */
  readonly calls: string[];
  /** Makes every call of the store fail. */
  down: boolean;
}

export interface WorldOptions {
  readonly core?: Partial<SessionsOptions<Data>>;
  readonly routes?: RouteOptions;
}

/** A small shop with every part of the adapter mounted, on a counted memory store, at a time of its own. */
export function createWorld({ core = {}, routes = {} }: WorldOptions = {}): World {
  const clock = clockAt();
  const events: SessionEvent[] = [];
  const calls: string[] = [];
  const state = { down: false };
  const memory = createMemoryStore({ clock });
  const store = new Proxy(memory, {
    get(target, property) {
      const value: unknown = Reflect.get(target, property);
      if (typeof value !== "function") return value;
      return async (...args: unknown[]) => {
        calls.push(String(property));
        if (state.down) throw new Error("the store is down");
        return Reflect.apply(value, target, args) as unknown;
      };
    },
  });
  const sessions = createSessions<Data>({ store, keys: KEYS, clock, initial: { cart: [] }, onEvent: (event) => void events.push(event), ...core });
  const app = new Hono<SessionEnv<Data>>();
  app.onError(holdfastErrorHandler((error, c) => c.text(error.message, 500)));
  app.use(csrf());
  app.use(session(sessions));
  app.route("/session", sessionRoutes(sessions, { now: clock.now, ...routes }));
  app.get("/", (c) => c.text("home"));
  app.get("/cached", (c) => c.text("x", 200, { "cache-control": "public, max-age=60" }));
  app.get("/redirect", () => Response.redirect(`${ORIGIN}/`));
  app.post("/sign-in", (c) => {
    c.var.session.start("ada", {}, { carry: ["cart"] });
    return c.redirect("/");
  });
  app.post("/cart/:item", (c) => {
    const item = c.req.param("item");
    c.var.session.update(({ cart }) => ({ cart: [...cart, item] }));
    return c.body(null, 204);
  });
  app.post("/elevate", (c) => {
    c.var.session.elevate({ acr: "step-up", reauthenticated: true });
    return c.text("elevated");
  });
  app.post("/stream", (c) => {
    c.var.session.update(({ cart }) => ({ cart: [...cart, "streamed"] }));
    const parts = ["one ", "two ", "three"].map((part) => new TextEncoder().encode(part));
    return new Response(new ReadableStream({ pull: (controller) => (parts.length > 0 ? controller.enqueue(parts.shift()) : controller.close()) }, { highWaterMark: 0 }));
  });
  app.get("/account", requireSession<Data>(), (c) => c.json({ subject: c.var.active.subject, cart: c.var.active.data.cart }));
  app.get("/admin", requireSession<Data>(), requireFresh<Data>({ maxAge: 5 * MINUTE, acr: "step-up", now: clock.now }), (c) => c.text("admin"));
  return Object.defineProperty({ app, sessions, clock, events, calls, down: false }, "down", { get: () => state.down, set(down: boolean) { state.down = down; } });
}

type App = Pick<Hono<SessionEnv<Data>>, "fetch">;

type Sent = Readonly<Record<string, string | undefined>>;

/** A browser of one origin: it keeps cookies, and says where its writes come from. */
export class Browser {
  readonly jar = new Map<string, string>();
  readonly #app: App;

  constructor(app: App, cookies: Iterable<readonly [string, string]> = []) {
    this.#app = app;
    for (const [name, value] of cookies) this.jar.set(name, value);
  }

  copy(): Browser {
    return new Browser(this.#app, this.jar);
  }

  get cookie(): string {
    return [...this.jar].map(([name, value]) => `${name}=${value}`).join("; ");
  }

  /** A header that is `undefined` is not sent. */
  async send(method: string, path: string, given: Sent = {}, body?: string): Promise<Response> {
    const headers = new Headers();
    const own: Sent = { cookie: this.cookie || undefined, "sec-fetch-site": method === "GET" ? undefined : "same-origin" };
    for (const [name, value] of Object.entries({ ...own, ...given })) if (value !== undefined) headers.set(name, value);
    const response = await this.#app.fetch(new Request(ORIGIN + path, { method, headers, ...(body === undefined ? {} : { body }) }));
    for (const { name, value, gone } of setCookies(response)) {
      if (gone) this.jar.delete(name);
      else this.jar.set(name, value);
    }
    return response;
  }

  get = (path: string, headers?: Sent): Promise<Response> => this.send("GET", path, headers);
  post = (path: string, json?: unknown, headers: Sent = {}): Promise<Response> =>
    json === undefined ? this.send("POST", path, headers) : this.send("POST", path, { "content-type": "application/json", ...headers }, JSON.stringify(json));
  view = async (): Promise<Record<string, unknown>> => (await this.get("/session")).json() as Promise<Record<string, unknown>>;
}

export async function signedIn(app: App): Promise<Browser> {
  const browser = new Browser(app);
  await browser.post("/sign-in");
  return browser;
}

export interface SetCookie {
  readonly name: string;
  readonly value: string;
  readonly gone: boolean;
  readonly header: string;
}

export const setCookies = (response: Response): SetCookie[] =>
  response.headers.getSetCookie().map((header) => {
    const [pair = ""] = header.split(";");
    const at = pair.indexOf("=");
    return { name: pair.slice(0, at), value: pair.slice(at + 1), gone: /;\s*max-age=0\b/i.test(header), header };
  });
