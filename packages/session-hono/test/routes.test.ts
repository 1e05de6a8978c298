import { createSessions, type Sessions } from "@holdfast/session-core";
import { createCsrfTokens } from "@holdfast/session-core/csrf";
import { createMemoryStore } from "@holdfast/session-core/memory";
import { Hono } from "hono";
import { describe, expect, it } from "vitest";
import { csrf, holdfastErrorHandler, type RouteOptions, session, type SessionEnv, sessionRoutes } from "../src/index.ts";
import { type Data, keys, ORIGIN, signedIn } from "./support.ts";

/** Nothing but the session routes, as somebody mounts them who read no further. */
function bare(options: { sessions?: Sessions<Data>; routes?: RouteOptions; around?: (app: Hono<SessionEnv<Data>>, sessions: Sessions<Data>) => void } = {}) {
  const calls: string[] = [];
  const memory = createMemoryStore();
  const store = new Proxy(memory, {
    get(target, property) {
      const value: unknown = Reflect.get(target, property);
      return typeof value === "function" ? (...args: unknown[]) => (calls.push(String(property)), Reflect.apply(value, target, args) as unknown) : value;
    },
  });
  const sessions = options.sessions ?? createSessions<Data>({ store, keys, initial: { cart: [] }, csrf: createCsrfTokens({ keys }), cookie: { sameSite: "none", allowCrossSite: true } });
  const app = new Hono<SessionEnv<Data>>();
  app.onError(holdfastErrorHandler((error, c) => c.text(error.message, 500)));
  app.post("/sign-in", session(sessions), (c) => {
    c.var.session.start("ada");
    return c.text("ok");
  });
  options.around?.(app, sessions);
  app.route("/session", sessionRoutes(sessions, options.routes));
  return { app, sessions, calls };
}

describe("the session routes check by themselves where a write comes from", () => {
  const CROSS = { "sec-fetch-site": "cross-site", origin: "https://evil.test" };

  it("[D03] [E01] another site ends, touches and renews nothing, and the store is not even asked", async () => {
    const { app, calls } = bare();
    const browser = await signedIn(app);
    calls.length = 0;
    for (const path of ["/session/logout", "/session/touch", "/session/refresh"]) {
      const response = await browser.post(path, undefined, CROSS);
      expect([response.status, ((await response.json()) as { code: string }).code]).toEqual([403, "csrf"]);
    }
    expect((await browser.send("DELETE", "/session/devices/x", { headers: CROSS })).status).toBe(403);
    expect(calls).toEqual([]);
    expect(await (await browser.get("/session", CROSS)).json()).toMatchObject({ state: "active" });
  });

  it("a csrf() in front has decided already, whatever it allows; one of its own is asked for by option, or off", async () => {
    const touch = async (options: Parameters<typeof bare>[0], headers: Record<string, string> = CROSS) => {
      const sessions = createSessions<Data>({ store: createMemoryStore(), keys, initial: { cart: [] } });
      const { app } = bare({ sessions, ...options });
      return (await (await signedIn(app)).post("/session/touch", undefined, headers)).status;
    };
    const origins = ["https://spa.test"];
    const spa = { ...CROSS, origin: "https://spa.test" };
    expect(await touch({ around: (app) => app.use(csrf({ origins })) }, spa)).toBe(200);
    expect(await touch({ around: (app) => app.use(csrf({ exempt: ["/session/touch"] })) })).toBe(200);
    expect(await touch({ around: (app) => app.use(csrf({ reportOnly: () => undefined })) })).toBe(200);
    expect(await touch({ routes: { crossSite: { origins } } }, spa)).toBe(200);
    expect(await touch({ routes: { crossSite: false } })).toBe(200);
    expect(await touch({ around: (app) => app.use(csrf({ origins })), routes: { crossSite: { origins: [ORIGIN] } } }, spa)).toBe(403);
    expect(await touch({ around: (app, sessions) => app.use(session(sessions)) })).toBe(403);
  });
});
