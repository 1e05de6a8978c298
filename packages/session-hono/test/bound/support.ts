import { createSessions, type SessionEvent, type Sessions, type SessionsOptions } from "@holdfast/session-core";
import { type BindingEvent, createDeviceBinding, type DeviceBinding, type DeviceBindingOptions } from "@holdfast/session-core/bound";
import { createMemoryStore } from "@holdfast/session-core/memory";
import type { IndexedStore } from "@holdfast/session-core/store";
import { Hono } from "hono";
import { bindingRoutes, boundSession, type BoundSessionOptions } from "../../src/bound.ts";
import { csrf, holdfastErrorHandler, requireFresh, requireSession, type SessionEnv, sessionRoutes } from "../../src/index.ts";
import { counted, type Data, keys, MINUTE } from "../support.ts";
import { BindingBrowser } from "./dbsc-client.ts";

export const REGISTER = "/session/dbsc/register";
export const REFRESH = "/session/dbsc/refresh";

export interface BoundWorld {
  readonly app: Hono<SessionEnv<Data>>;
  readonly sessions: Sessions<Data>;
  readonly binding: DeviceBinding<Data>;
  readonly store: IndexedStore;
  readonly clock: { now(): number; wait(ms: number): Promise<void>; advance(ms: number): void };
  readonly events: BindingEvent[];
  readonly sessionEvents: SessionEvent[];
  /** Verbs of the store, as they come. */
  readonly calls: string[];
  fail: Error | undefined;
  /** Asked at each call of the store, which counts already. */
  failWhen: (() => Error | undefined) | undefined;
  browser(): BindingBrowser;
}

/** A small application whose sessions are bound, on a real core and a counted memory store. */
export function boundWorld(options: Partial<DeviceBindingOptions> & { session?: BoundSessionOptions; core?: Partial<SessionsOptions<Data>> } = {}): BoundWorld {
  const { session, core, ...bindingOptions } = options;
  let now = Date.UTC(2026, 0, 1);
  const clock = { now: () => now, wait: async () => undefined, advance: (ms: number) => void (now += ms) };
  const calls: string[] = [];
  const state: Pick<BoundWorld, "fail" | "failWhen"> = { fail: undefined, failWhen: undefined };
  const memory = createMemoryStore({ clock });
  const store = counted(memory, calls, () => {
    const fault = state.fail ?? state.failWhen?.();
    if (fault) throw fault;
  });
  const events: BindingEvent[] = [];
  const sessionEvents: SessionEvent[] = [];
  const sessions = createSessions<Data>({ store, keys, clock, initial: { cart: [] }, onEvent: (event) => void sessionEvents.push(event), ...core });
  const binding = createDeviceBinding(sessions, { store, keys, clock, exclude: ["/sign-in", "/static"], onEvent: (event) => void events.push(event), ...bindingOptions });
  const app = new Hono<SessionEnv<Data>>();
  app.onError(holdfastErrorHandler((error, c) => c.text(error.message, 500)));
  app.route("/", bindingRoutes(sessions, binding));
  app.use(csrf());
  app.use(boundSession(sessions, binding, session));
  app.route("/session", sessionRoutes(sessions, { now: clock.now }));
  app.get("/", (c) => c.text("home"));
  app.get("/static/app.js", (c) => c.text("js"));
  app.post("/sign-in", (c) => {
    c.var.session.start("ada");
    return c.redirect("/");
  });
  app.post("/elevate", requireSession<Data>(), (c) => {
    c.var.session.elevate({ acr: "step-up", reauthenticated: true });
    return c.text("ok");
  });
  app.post("/cart", (c) => {
    c.var.session.update((data) => ({ cart: [...data.cart, "x"] }));
    return c.text("added");
  });
  app.get("/private", requireSession<Data>(), (c) => c.text(c.var.active.subject));
  app.get("/fresh", requireFresh<Data>({ maxAge: 5 * MINUTE, now: clock.now }), (c) => c.text("fresh"));
  const browser = (): BindingBrowser => new BindingBrowser(app, clock.now);
  return { app, sessions, binding, store, clock, events, sessionEvents, calls, browser, get fail() { return state.fail; }, set fail(error) { state.fail = error; }, get failWhen() { return state.failWhen; }, set failWhen(when) { state.failWhen = when; } };
}

/** Somebody who signed in with a browser that binds. */
export async function boundBrowser(world: BoundWorld): Promise<BindingBrowser> {
  const browser = world.browser();
  await browser.post("/sign-in");
  return browser;
}
