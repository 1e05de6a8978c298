import { createSessions, type KeyRingFile, type SessionEvent, type Sessions, type SessionsOptions } from "@holdfast/session-core";
import { createMemoryStore } from "@holdfast/session-core/memory";
import { Hono } from "hono";
import { csrf, type CsrfOptions, holdfastErrorHandler, requireFresh, requireSession, session, type SessionEnv, type SessionOptions, sessionRoutes } from "../src/index.ts";

export const MINUTE = 60_000;
export const ORIGIN = "https://app.test";
const secret = (fill: number): string => Buffer.alloc(32, fill).toString("base64url");
export const keys: KeyRingFile = { subjectKey: secret(1), keys: [{ id: 1, secret: secret(2), state: "active", since: 0 }] };

export interface Data {
  readonly cart: readonly string[];
}

export interface World {
  readonly app: Hono<SessionEnv<Data>>;
  readonly sessions: Sessions<Data>;
  readonly clock: { now(): number; wait(ms: number): Promise<void>; advance(ms: number): void };
  readonly events: SessionEvent[];
  readonly calls: string[];
  fail: Error | undefined;
  /** Runs, and is awaited, before each call of the store. */
  before: (verb: string) => unknown;
}

/** The store, with the verbs of its calls as they come, and something that happens before each. */
export const counted = <S extends object>(store: S, calls: string[], before: (verb: string) => unknown): S =>
  new Proxy(store, {
    get(target, property) {
      const value: unknown = Reflect.get(target, property);
      if (typeof value !== "function") return value;
      return async (...args: unknown[]) => {
        calls.push(String(property));
        await before(String(property));
        return Reflect.apply(value, target, args) as unknown;
      };
    },
  });

/** What a browser does with the cookies of an answer. */
export function keepCookies(jar: Map<string, string>, response: Response): void {
  for (const line of response.headers.getSetCookie()) {
    const [pair = ""] = line.split(";");
    const at = pair.indexOf("=");
    if (/max-age=0/i.test(line)) jar.delete(pair.slice(0, at));
    else jar.set(pair.slice(0, at), pair.slice(at + 1));
  }
}

/** A small application with every part of the adapter mounted, on a real core and a counted memory store. */
export function world(options: { before?: (app: World["app"]) => unknown; session?: SessionOptions; csrf?: CsrfOptions; core?: Partial<SessionsOptions<Data>> } = {}): World {
  let now = Date.UTC(2026, 0, 1);
  const clock = { now: () => now, wait: async () => undefined, advance: (ms: number) => void (now += ms) };
  const events: SessionEvent[] = [];
  const calls: string[] = [];
  const it: Pick<World, "fail" | "before"> = { fail: undefined, before: () => undefined };
  const memory = createMemoryStore({ clock });
  const store = counted(memory, calls, async (verb) => {
    await it.before(verb);
    if (it.fail) throw it.fail;
  });
  const sessions = createSessions<Data>({ store, keys, clock, initial: { cart: [] }, onEvent: (event) => void events.push(event), ...options.core });
  const app = new Hono<SessionEnv<Data>>();
  app.onError(holdfastErrorHandler((error, c) => c.text(error.message, 500)));
  options.before?.(app);
  app.use(csrf(options.csrf));
  app.use(session(sessions, { except: ["/assets/*", "/healthz"], ...options.session }));
  app.route("/session", sessionRoutes(sessions, { now: clock.now, clearSiteData: ["storage"] }));
  app.get("/", (c) => c.text("home"));
  app.get("/assets/app.js", (c) => c.text("js"));
  app.get("/cached", (c) => c.text("x", 200, { "cache-control": "public, max-age=60" }));
  app.get("/redirect", () => Response.redirect(`${ORIGIN}/`));
  app.post("/sign-in", (c) => {
    c.var.session.start("ada", {}, { carry: ["cart"] });
    return c.redirect("/");
  });
  app.post("/sign-in-cached", (c) => {
    c.var.session.start("ada");
    return c.text("x", 200, { "cache-control": "public, max-age=60" });
  });
  app.post("/cart", (c) => {
    c.var.session.update((d) => ({ cart: [...d.cart, "x"] }));
    return c.text("added");
  });
  app.post("/stream", (c) => {
    c.var.session.update((d) => ({ cart: [...d.cart, "streamed"] }));
    calls.length = 0;
    const pull = (controller: ReadableStreamDefaultController): void => {
      controller.enqueue(new TextEncoder().encode(calls.join()));
      controller.close();
    };
    return new Response(new ReadableStream({ pull }, { highWaterMark: 0 }));
  });
  app.post("/throw", (c) => {
    c.var.session.update(() => ({ cart: ["ghost"] }));
    throw new Error("boom");
  });
  app.post("/elevate", (c) => {
    c.var.session.elevate({ acr: "step-up", reauthenticated: true });
    return c.text("ok");
  });
  app.get("/fresh", requireSession<Data>(), requireFresh<Data>({ maxAge: 5 * MINUTE, now: clock.now }), (c) => c.text("fresh"));
  app.get("/private", requireSession<Data>(), (c) => c.json({ subject: c.var.active.subject, cart: c.var.active.data.cart }));
  app.get("/admin", requireSession<Data>(), requireFresh<Data>({ maxAge: 5 * MINUTE, acr: "step-up", now: clock.now }), (c) => c.text("admin"));
  return { app, sessions, clock, events, calls, get fail() { return it.fail; }, set fail(error) { it.fail = error; }, get before() { return it.before; }, set before(hook) { it.before = hook; } };
}

/** A browser of one origin: keeps cookies and says where its writes come from. */
export class Browser {
  readonly jar = new Map<string, string>();
  readonly app: World["app"];

  constructor(app: World["app"]) {
    this.app = app;
  }

  copy(): Browser {
    const other = new Browser(this.app);
    for (const [name, value] of this.jar) other.jar.set(name, value);
    return other;
  }

  get cookie(): string {
    return [...this.jar].map(([name, value]) => `${name}=${value}`).join("; ");
  }

  async send(method: string, path: string, init: { headers?: Record<string, string>; body?: string } = {}): Promise<Response> {
    const headers = { ...(this.jar.size > 0 ? { cookie: this.cookie } : {}), ...(method === "GET" ? {} : { "sec-fetch-site": "same-origin" }), ...init.headers };
    const response = await this.app.request(ORIGIN + path, { ...init, method, headers });
    keepCookies(this.jar, response);
    return response;
  }

  get = (path: string, headers: Record<string, string> = {}): Promise<Response> => this.send("GET", path, { headers });
  post = (path: string, json?: unknown, headers: Record<string, string> = {}): Promise<Response> =>
    this.send("POST", path, json === undefined ? { headers } : { body: JSON.stringify(json), headers: { "content-type": "application/json", ...headers } });
}

export async function signedIn(app: World["app"]): Promise<Browser> {
  const browser = new Browser(app);
  await browser.post("/sign-in");
  return browser;
}
