import { createSessions, generateKeys, type PolicyOptions, type RequestSession, type Sessions } from "@holdfast/session-core";
import { createCsrfTokens } from "@holdfast/session-core/csrf";
import { createMemoryStore } from "@holdfast/session-core/memory";
import { csrf, holdfastErrorHandler, problem, requireSession, session, type SessionEnv, sessionRoutes } from "@holdfast/session-hono";
import { DEFAULT_BASE, type Millis } from "@holdfast/session-protocol";
import { Hono } from "hono";
import { Jar } from "./tabs/jar.ts";

export interface TestServerOptions {
  /** Where the session routes are. Default `/session`. */
  readonly base?: string;
  /** Idle and absolute limit, and the rest of the core's policy. */
  readonly policy?: PolicyOptions;
  /** CSRF tokens, as with `createSessions({ csrf })`. Default false. */
  readonly csrf?: boolean;
  /** Types for `Clear-Site-Data` of a sign-out. Default none. */
  readonly clearSiteData?: readonly string[];
  /** A cookie that scripts may read, `__Host-sid-hint`, as the core's `cookie: { hint: true }`. Default false. */
  readonly hint?: boolean;
  /** The clock, in ms since the epoch. Default: a clock of its own that stands still until `advance`. */
  readonly now?: () => Millis;
  /** More routes; `c.var.session` is the session, as with `session()`. `GET /data` is there: 200 with a session, else 401. */
  readonly routes?: (app: Hono<SessionEnv<Data>>) => void;
}

/**
 * The session routes of `@holdfast/session-hono` on a store in memory, as one browser meets them: its cookies are kept in `jar`, and what it asks for goes
 * through `fetch`. The rest makes happen to it what happens to servers.
 */
export interface TestServer {
  /** Answers a request with the cookies of its own header, else with those of `jar`. A request that fails is answered with `Response.error()`. */
  fetch(request: Request): Promise<Response>;
  readonly jar: Jar;
  readonly sessions: Sessions<Data>;
  /** Moves the clock. */
  advance(ms: Millis): void;
  /** The browser signs in, without the client knowing: call `client.refresh()` or load a page after it. */
  signIn(subject?: string): Promise<void>;
  /** The browser signs out without the client: a form, another application of the same site. */
  signOut(): Promise<void>;
  /** All sessions of the account are ended from another device. */
  revoke(subject?: string): Promise<void>;
  /** The next `count` requests get this status instead of an answer; 503 is the session routes' own `unavailable`. Default one, 503. */
  fail(count?: number, status?: number): void;
  /** The next `count` requests never arrive. Default one. */
  loseRequest(count?: number): void;
  /** The next `count` requests take effect, and their answers are lost. Default one. */
  loseAnswer(count?: number): void;
  /** The next `count` requests were sent with a credential that another tab's step-up replaced: 401 `superseded`, nothing was done. Default one. */
  supersede(count?: number): void;
  /** Holds back the answers from now on; what it returns lets them go. */
  hold(): () => void;
  /** Nothing arrives while true. */
  offline: boolean;
  /** `METHOD /path` of each request that arrived. */
  readonly log: string[];
}

type Data = Record<string, unknown>;

/** @throws HoldfastError `config` for a policy that the core refuses */
export function createTestServer(options: TestServerOptions = {}): TestServer {
  const { base = DEFAULT_BASE, policy, clearSiteData, hint, routes } = options;
  let moved: Millis = 0;
  const start = options.now ?? (() => Date.UTC(2026, 0, 1));
  const now = (): Millis => Math.floor(start() + moved);
  const clock = { now, wait: async () => undefined };
  const keys = generateKeys(0);
  const sessions = createSessions<Data>({
    store: createMemoryStore({ clock }),
    keys,
    clock,
    storeTimeout: "off",
    ...(policy ? { policy } : {}),
    ...(options.csrf ? { csrf: createCsrfTokens({ keys }) } : {}),
    ...(hint ? { cookie: { hint } } : {}),
  });
  const app = new Hono<SessionEnv<Data>>();
  app.onError(holdfastErrorHandler((error, c) => c.text(error.message, 500)));
  app.use(csrf());
  app.route(base, sessionRoutes(sessions, { now, ...(clearSiteData ? { clearSiteData } : {}) }));
  app.use(session(sessions));
  app.get("/data", requireSession(), (c) => c.text("data"));
  routes?.(app);

  const jar = new Jar();
  const log: string[] = [];
  const faults: ("request" | "answer" | "superseded" | number)[] = [];
  const add = (fault: (typeof faults)[number], count = 1): void => void faults.push(...Array.from({ length: count }, () => fault));
  let held: Promise<void> | undefined;

  async function answer(request: Request): Promise<Response> {
    const { method, url } = request;
    const headers = new Headers(request.headers);
    if (!headers.has("cookie") && jar.header) headers.set("cookie", jar.header);
    if (!headers.has("sec-fetch-site")) headers.set("sec-fetch-site", "same-origin");
    const body = method === "GET" || method === "HEAD" ? undefined : await request.arrayBuffer();
    const response = await app.fetch(new Request(url, { method, headers, ...(body ? { body } : {}) }));
    return response;
  }

  /** What the application does at a request of the browser that is none of the client's. */
  async function change(work: (current: RequestSession<Data>) => unknown): Promise<void> {
    const current = await sessions.open(new Headers(jar.header ? { cookie: jar.header } : {}));
    work(current);
    const { cookies } = await current.commit();
    jar.take(cookies.map(({ header }) => header));
  }

  const server: TestServer = {
    jar,
    sessions,
    log,
    offline: false,
    advance: (ms) => void (moved += ms),
    async fetch(request) {
      if (server.offline) return Response.error();
      const fault = faults.shift();
      if (fault === "request") return Response.error();
      log.push(`${request.method} ${new URL(request.url).pathname}`);
      if (fault === "superseded") return problem("superseded", { members: { processed: false } });
      if (typeof fault === "number") return fault === 503 ? problem("unavailable") : new Response(null, { status: fault });
      const response = await answer(request);
      await held;
      if (fault === "answer") return Response.error();
      jar.take(response.headers.getSetCookie());
      return response;
    },
    signIn: (subject = "ada") => change((current) => current.start(subject)),
    signOut: () => change((current) => current.end()),
    revoke: async (subject = "ada") => void (await sessions.revokeAll(subject)),
    fail: (count, status = 503) => add(status, count),
    loseRequest: (count) => add("request", count),
    loseAnswer: (count) => add("answer", count),
    supersede: (count) => add("superseded", count),
    hold() {
      let release = (): void => undefined;
      held = new Promise((resolve) => (release = resolve));
      return () => {
        held = undefined;
        release();
      };
    },
  };
  return server;
}
