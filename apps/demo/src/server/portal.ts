import { type Clock, createSessions, type KeyRingFile, type PolicyOptions, type SessionEvent, type SessionsOptions, systemClock } from "@holdfast/session-core";
import { csrf, holdfastErrorHandler, problem, session, sessionRoutes } from "@holdfast/session-hono";
import { Hono } from "hono";
import { createAccounts, type VerifyPassword } from "./accounts.ts";
import { api, type PortalEnv } from "./api.ts";
import type { ClientFiles } from "./client-files.ts";
import type { ClusterNode } from "./cluster/cluster-node.ts";
import { EMPTY, type PortalData, portalSchema, project } from "./data.ts";
import { BadInput } from "./input.ts";
import { defaultWarn } from "./default-warn.ts";
import { pageWith } from "./page-with.ts";
import { CHART, securityHeaders } from "./security-headers.ts";

export interface PortalSetup {
  readonly store: SessionsOptions<PortalData>["store"];
  /** Shown on the session page. Default `memory`. */
  readonly storeName?: string;
  /** Without keys sessions end with the process. */
  readonly keys?: KeyRingFile;
  readonly policy?: PolicyOptions;
  /** How long before the idle end the pages warn, in ms. */
  readonly warn?: number;
  readonly clock?: Clock;
  /** The built pages; without them only the API answers. */
  readonly client?: ClientFiles;
  readonly verifyPassword?: VerifyPassword;
  readonly onEvent?: (event: SessionEvent) => void;
  /** It is one of several nodes, and with `report` it has a page about them, which is for anybody. */
  readonly cluster?: Pick<ClusterNode, "observe"> & Partial<Pick<ClusterNode, "report">>;
}

const PAGES = ["/", "/sign-in", "/account", "/devices", "/admin", "/signed-out"];

/** The whole application: pages, JSON API and session routes. Time, keys and store come from outside, so tests can hold them. */
export async function createPortal(setup: PortalSetup): Promise<Hono<PortalEnv>> {
  const { clock = systemClock, storeName = "memory", client, cluster } = setup;
  const report = cluster?.report;
  const sessions = createSessions<PortalData>({
    store: setup.store,
    clock,
    realm: "portal",
    schema: portalSchema,
    initial: EMPTY,
    project: ({ data }) => project(data),
    cookie: { hint: true },
    ...(setup.keys === undefined ? {} : { keys: setup.keys }),
    ...(setup.policy === undefined ? {} : { policy: setup.policy }),
    ...(setup.onEvent === undefined ? {} : { onEvent: setup.onEvent }),
  });
  const { idle, absolute, renew, overlap, freshFor } = sessions.policy;
  const warn = setup.warn ?? defaultWarn(idle);
  const verifyPassword = setup.verifyPassword ?? (await createAccounts());

  const app = new Hono<PortalEnv>();
  app.use(securityHeaders());
  app.use(csrf());
  // Before the global middleware: asking for the view is no activity.
  app.route("/session", sessionRoutes(sessions, { now: () => clock.now() }));
  app.use(session(sessions, { lazy: true, except: ["/assets/*", "/favicon.svg", CHART] }));
  if (cluster) {
    app.use(async (c, next) => {
      await next();
      const id = idOf(c.var.session);
      if (id !== undefined) cluster.observe(id, c.req.raw);
    });
  }
  // Looks at no session, so that a page which asks every two seconds keeps none alive.
  if (report) app.get("/api/cluster", async (c) => c.json(await report(), 200, { "cache-control": "no-store" }));
  app.use("/api/*", async (c, next) => {
    await next();
    if (!c.res.headers.has("cache-control")) c.res.headers.set("cache-control", "no-store");
  });
  app.route("/api", api({
    clock,
    verifyPassword,
    facts: {
      "Idle time-out": inWords(idle),
      "Absolute time-out": inWords(absolute),
      "Warning before the idle end": inWords(warn),
      "New credential every": renew === "off" ? "never" : inWords(renew),
      "Old credential accepted for": inWords(overlap),
      "Sessions live in": storeName,
    },
  }));

  if (client) {
    const page = pageWith(client.page, "config", { idle, absolute, warn, freshFor, store: storeName, listable: sessions.listable, endsAll: sessions.endsAll, ...(report && { clustered: true }) });
    const { files, asset } = client;
    for (const [path, { body, type }] of files) app.get(path, () => new Response(body, { headers: { "content-type": type, "cache-control": cacheFor(path) } }));
    if (asset) {
      for (const path of ["/assets/*", "/favicon.svg"]) {
        app.get(path, async (c) => {
          const found = await asset(c.req.raw);
          // The headers of a platform's answer cannot be changed, those of a copy can.
          const answer = new Response(found.body, found);
          if (found.ok) answer.headers.set("cache-control", cacheFor(c.req.path));
          return answer;
        });
      }
    }
    app.get(CHART, (c) => c.html(client.chart, 200, { "cache-control": "public, no-cache" }));
    for (const path of report ? [...PAGES, "/cluster"] : PAGES) {
      app.get(path, async (c) => {
        // A page somebody opens is activity, and the moment at which dead cookies are cleared. It is drawn from the view in it, which has the deadlines of after that.
        await c.var.session.load();
        const { state } = await c.var.session.commit();
        return c.html(pageWith(page, "session", sessions.view(state)), 200, { "cache-control": "private, no-cache" });
      });
    }
  }
  app.notFound(() => problem("not_found"));
  app.onError(
    holdfastErrorHandler((error) => {
      if (error instanceof BadInput) return problem("bad_request", { detail: error.message });
      console.error(error);
      return new Response("The portal failed.\n", { status: 500, headers: { "content-type": "text/plain", "cache-control": "no-store" } });
    }),
  );
  return app;
}

/** Of a session that somebody looked at; what a lazy one is, it does not say. */
function idOf(session: PortalEnv["Variables"]["session"] | undefined): string | undefined {
  try {
    return session?.state.kind === "none" ? undefined : session?.state.id;
  } catch {
    return undefined;
  }
}

const cacheFor = (path: string): string => (path.startsWith("/assets/") ? "public, max-age=31536000, immutable" : "public, max-age=3600");

const inWords = (ms: number): string => {
  const [count, unit] = ms % 3_600_000 === 0 ? [ms / 3_600_000, "hour"] : ms % 60_000 === 0 ? [ms / 60_000, "minute"] : [Math.round(ms / 1000), "second"];
  return `${count} ${unit}${count === 1 ? "" : "s"}`;
};
