import { createSessions, generateKeys, type Sessions } from "@holdfast/session-core";
import { createMemoryStore } from "@holdfast/session-core/memory";
import { session, type SessionEnv } from "@holdfast/session-hono";
import { Hono } from "hono";
import { type App, USER, type User } from "../app.ts";
import { honoHost } from "./hono-host.ts";

export type Data = Partial<User> & { readonly count?: number };

export const createHoldfast = (): Sessions<Data> => createSessions<Data>({ store: createMemoryStore(), keys: generateKeys() });

export const holdfastApp = (sessions: Sessions<Data>, options: { readonly lazy?: boolean } = {}) =>
  new Hono<SessionEnv<Data>>()
    .use(session(sessions, options))
    .get("/", (c) => {
      const { state } = c.var.session;
      return c.json({ user: state.kind === "none" ? null : state.data.user });
    })
    // Nobody looks at the session here, as on most pages that visitors see.
    .get("/static", (c) => c.json({ user: null }))
    .get("/sign-in", (c) => {
      c.var.session.start(c.req.query("user") ?? USER.user, USER);
      return c.text("ok");
    })
    .get("/write", (c) => {
      c.var.session.update((data) => ({ ...data, count: (data.count ?? 0) + 1 }));
      return c.json({ user: USER.user });
    });

export const PACKAGES = ["@holdfast/session-core", "@holdfast/session-hono"];

export const holdfast = (options: { readonly lazy?: boolean } = {}): App => honoHost(holdfastApp(createHoldfast(), options), PACKAGES);
