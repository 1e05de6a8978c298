import { serve } from "@hono/node-server";
import { createSessions, type HoldfastError } from "@holdfast/session-core";
import { createMemoryStore } from "@holdfast/session-core/memory";
import { createCsrfTokens } from "@holdfast/session-core/csrf";
import { Hono } from "hono";
import { cors } from "hono/cors";
import fc from "fast-check";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { corsOptions, csrf, holdfastErrorHandler, requireSession, session, type SessionEnv, sessionRoutes } from "../src/index.ts";
import { keys } from "./support.ts";

const SPA = "https://spa.test";

/** The recipe of the README, over a real server. */
describe("an API for pages of another origin", () => {
  let down = false;
  const memory = createMemoryStore();
  const store = new Proxy(memory, {
    get(target, property) {
      if (down && property === "read") return () => Promise.reject(new Error("down"));
      const value: unknown = Reflect.get(target, property);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
  const sessions = createSessions({ store, keys, cookie: { sameSite: "none", allowCrossSite: true }, csrf: createCsrfTokens({ keys }) });
  const app = new Hono<SessionEnv<Record<string, unknown>>>();
  app.onError(holdfastErrorHandler((error, c) => c.text(error.message, 500)));
  app.use(cors(corsOptions([SPA])));
  app.use(csrf({ origins: [SPA] }));
  app.use(session(sessions));
  app.route("/session", sessionRoutes(sessions));
  app.post("/sign-in", (c) => {
    c.var.session.start("ada");
    return c.text("ok");
  });
  app.get("/private", requireSession(), (c) => c.text("secret"));
  // Else it closes a connection after five idle seconds, perhaps as the next request takes it.
  const server = serve({ fetch: app.fetch, port: 0, hostname: "127.0.0.1", serverOptions: { keepAliveTimeout: 0 } });
  let base = "";
  let cookie = "";

  beforeAll(async () => {
    if (!server.listening) await once(server, "listening");
    base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const response = await fetch(`${base}/sign-in`, { method: "POST", headers: { origin: SPA } });
    cookie = response.headers.getSetCookie()[0]?.split(";")[0] ?? "";
  });
  afterAll(async () => {
    server.close();
    await once(server, "close");
  });
  const ask = (path: string, origin: string, init: RequestInit & { headers?: Record<string, string> } = {}) => fetch(base + path, { ...init, headers: { cookie, origin, ...init.headers } });
  const list = (response: Response, name: string): string[] => (response.headers.get(name) ?? "").toLowerCase().split(/\s*,\s*/);

  it("[E13] no origin outside the list is reflected, with credentials or without", async () => {
    const permitted = async (origin: string): Promise<string | null> => {
      const [read, preflight, failure] = await Promise.all([
        ask("/private", origin),
        ask("/private", origin, { method: "OPTIONS", headers: { "access-control-request-method": "POST" } }),
        ask("/nowhere", origin),
      ]);
      const answers = [read, preflight, failure].map(({ headers }) => headers.get("access-control-allow-origin"));
      expect(new Set(answers).size).toBe(1);
      return answers[0] ?? null;
    };
    expect(await permitted(SPA)).toBe(SPA);
    for (const origin of ["https://evil.test", "null", `${SPA}.evil.test`, "http://spa.test", "https://SPA.test", `${SPA}:8443`, `${SPA}/`, "https://xspa.test", "*", base]) expect(await permitted(origin), origin).toBeNull();
    await fc.assert(
      fc.asyncProperty(fc.webUrl({ withFragments: false }), async (url) => {
        expect(await permitted(new URL(url).origin)).toBeNull();
      }),
      { numRuns: 30 },
    );
  });

  it("[E13] an allowed page sees the deadlines and the token, may send ours, and reads of others are kept apart in caches", async () => {
    const response = await ask("/session", SPA);
    expect(response.headers.get("access-control-allow-credentials")).toBe("true");
    expect(response.headers.get("session-deadlines")).toMatch(/^idle=/);
    const exposed = list(response, "access-control-expose-headers");
    expect(exposed).toEqual(expect.arrayContaining(["session-deadlines", "x-csrf-token"]));
    expect(list(response, "vary")).toEqual(expect.arrayContaining(["origin", "cookie"]));
    const preflight = await ask("/session/touch", SPA, { method: "OPTIONS", headers: { "access-control-request-method": "POST", "access-control-request-headers": "x-csrf-token,session-activity" } });
    expect(list(preflight, "access-control-allow-headers")).toEqual(expect.arrayContaining(["x-csrf-token", "session-activity", "content-type"]));
    const token = response.headers.get("x-csrf-token") ?? "";
    expect((await ask("/session/touch", SPA, { method: "POST", headers: { "x-csrf-token": token } })).status).toBe(200);
    expect((await ask("/session/touch", "https://evil.test", { method: "POST", headers: { "x-csrf-token": token } })).status).toBe(403);
  });

  it("[E13] refusals and outages can be read by the allowed page, so that it can tell them apart", async () => {
    const readable = (response: Response): string | null => response.headers.get("access-control-allow-origin");
    const none = await fetch(`${base}/private`, { headers: { origin: SPA } });
    expect([none.status, readable(none)]).toEqual([401, SPA]);
    const refused = await ask("/session/touch", SPA, { method: "POST" });
    expect([refused.status, readable(refused)]).toEqual([403, SPA]);
    down = true;
    const outage = await ask("/private", SPA);
    down = false;
    expect([outage.status, readable(outage)]).toEqual([503, SPA]);
    expect(outage.headers.get("access-control-allow-credentials")).toBe("true");
  });

  it("[E13] a wildcard, or anything that is no origin, is refused at construction", () => {
    for (const origin of ["*", "https://*.spa.test", "null", "spa.test", "http://spa.test"]) {
      expect(() => corsOptions([origin])).toThrow(expect.objectContaining({ code: "config", option: "origins" } satisfies Partial<HoldfastError>));
    }
  });
});
