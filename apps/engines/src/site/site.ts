import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { createSessions, generateKeys, type SessionEvent } from "@holdfast/session-core";
import { createMemoryStore } from "@holdfast/session-core/memory";
import { csrf, holdfastErrorHandler, requireSession, session, type SessionEnv, sessionRoutes } from "@holdfast/session-hono";
import { Hono } from "hono";
import type { Settings } from "../page/page.ts";
import type { Scripts } from "./bundle.ts";

export const SECOND = 1000;
/** Of the test application. */
export const IDLE = 120 * SECOND;
export const ABSOLUTE = 1800 * SECOND;
export const SECRET = "pin 4711";
const HINT = "__Host-sid-hint";

/** What the site does to a request instead of, or after, answering it. */
export type Fault = "down" | "lose-answer" | 500 | "hang";

export interface Seen {
  readonly method: string;
  readonly path: string;
  /** The `Session-Activity` header. */
  readonly activity: string | undefined;
  readonly status: number | Fault;
  /** How many requests to the session routes were under way when it came, itself included. */
  readonly parallel: number;
}

interface Data {
  readonly orders: number;
}

/** One application with its own host name, store, clock and log: no test meets what another left. */
export interface Site {
  readonly fetch: (request: Request) => Promise<Response | "down">;
  readonly seen: Seen[];
  readonly events: SessionEvent["type"][];
  /** Ahead of the machine's clock, in ms. */
  readonly moved: () => number;
  readonly move: (ms: number) => void;
  /** Asked for each request; `undefined` lets it through. */
  fault: (request: Request) => Fault | undefined;
  /** Ends what hangs. */
  readonly release: () => void;
  /** What pages are told of the clocks. */
  settings: Pick<Settings, "version" | "wall" | "steady" | "still">;
  hint: boolean;
  wipe: boolean;
  /** The view is rendered into the page, and a listener keeps that out of the back-forward cache where one can. */
  hydrate: boolean;
  /** The page has a form that takes time, and the warning dialog. */
  form: boolean;
  /** Address of a document in a frame of the page. */
  frame: string | undefined;
  frames: readonly string[];
  locks: boolean;
}

const STYLES = readFileSync(fileURLToPath(import.meta.resolve("@holdfast/session-browser/dialog.css")), "utf8");
const SIGN_OUT = '<form method="post" action="/sign-out"><button id="leave">Sign out on the server</button></form>';

const FORM = `<link rel="stylesheet" href="/dialog.css">
<p id="limit"></p>
<p><label>Note <input id="note"></label></p>`;

const page = (signedIn: boolean, settings: Settings): string => `<!doctype html>
<html lang="en"><meta charset="utf-8"><title>${signedIn ? "Account" : "Welcome"}</title><link rel="icon" href="data:,">
<body><main>
<h1>${signedIn ? "Account" : "Welcome"}</h1>
${signedIn ? `<p id="secret">Your ${SECRET}</p>` : ""}
<p><a id="away" href="/plain">away</a> <a id="download" href="/download">download</a> <a id="nothing" href="/nothing">nothing</a></p>
${settings.form ? FORM : ""}
${settings.frame === undefined ? "" : `<iframe id="frame" src="${settings.frame}" title="Inside" width="300" height="150"></iframe>`}
${SIGN_OUT}
</main>
<script type="application/json" id="settings">${JSON.stringify(settings)}</script>
<script type="module" src="/page.js"></script>
</body></html>`;

export function createSite(scripts: Scripts): Site {
  let offset = 0;
  let parallel = 0;
  const clock = { now: () => Date.now() + offset, wait: () => Promise.resolve() };
  const hanging = new Set<() => void>();
  const seen: Seen[] = [];
  const events: SessionEvent["type"][] = [];
  const sessions = createSessions<Data>({
    store: createMemoryStore({ clock }),
    keys: generateKeys(clock.now()),
    clock,
    initial: { orders: 0 },
    cookie: { hint: true },
    policy: { idle: IDLE, absolute: ABSOLUTE, renew: 60 * SECOND, overlap: 15 * SECOND, touchEvery: 5 * SECOND, freshFor: ABSOLUTE },
    onEvent: ({ type }) => events.push(type),
  });

  const app = new Hono<SessionEnv<Data>>();
  app.onError(holdfastErrorHandler((error) => new Response(String(error), { status: 500 })));
  app.use(csrf());
  app.route("/session", sessionRoutes(sessions, { now: clock.now, clearSiteData: ["storage"] }));
  for (const [name, script] of Object.entries(scripts)) app.get(`/${name}.js`, (c) => c.body(script as string, 200, { "content-type": "text/javascript", "cache-control": "no-cache" }));
  // With the script it reports to the page around it, without one it is anybody's.
  app.get("/inside", (c) => c.html(`<!doctype html><title>Inside</title><p>Inside</p>${c.req.query("to") ? '<script type="module" src="/frame.js"></script>' : ""}`));
  app.get("/dialog.css", (c) => c.body(STYLES, 200, { "content-type": "text/css" }));
  app.get("/plain", (c) => c.html(`<!doctype html><title>Elsewhere</title><link rel="icon" href="data:,"><h1>Elsewhere</h1>${SIGN_OUT}`));
  app.get("/nothing", (c) => c.body(null, 204));
  app.get("/download", (c) => c.body("bytes", 200, { "content-type": "application/octet-stream", "content-disposition": "attachment; filename=bytes.bin" }));
  app.use(session(sessions));
  app.get("/", (c) => {
    const { settings, hint, wipe, form, hydrate, frame, frames, locks } = site;
    const signedIn = c.var.session.state.kind === "active";
    return c.html(page(signedIn, { ...settings, wipe, form, frames, locks, ...(frame === undefined ? {} : { frame }), ...(hint ? { hintCookie: HINT } : {}), ...(hydrate ? { view: sessions.view(c.var.session.state) } : {}) }), 200, { "cache-control": "private, no-cache" });
  });
  app.post("/sign-in", (c) => {
    c.var.session.start("ada");
    return c.redirect("/", 303);
  });
  // A sign-out that knows nothing of the client: a plain form.
  app.post("/sign-out", (c) => {
    c.var.session.end();
    return c.redirect("/plain", 303);
  });
  app.all("/api/orders", requireSession<Data>(), (c) => c.json({ orders: [] }));

  const site: Site = {
    seen,
    events,
    moved: () => offset,
    move(ms) {
      offset += ms;
    },
    fault: () => undefined,
    release() {
      for (const go of hanging) go();
      hanging.clear();
    },
    settings: { version: 0, wall: 0, steady: 0 },
    hint: false,
    wipe: false,
    hydrate: false,
    form: false,
    frame: undefined,
    frames: [],
    locks: true,
    async fetch(request) {
      const { pathname: path } = new URL(request.url);
      const ofSession = path.startsWith("/session");
      if (ofSession) parallel++;
      const note = (status: Seen["status"], now = parallel): void => {
        seen.push({ method: request.method, path, activity: request.headers.get("session-activity") ?? undefined, status, parallel: now });
      };
      const now = parallel;
      try {
        const fault = site.fault(request);
        if (fault === 500) {
          note(500, now);
          return new Response("broken", { status: 500 });
        }
        if (fault === "down") {
          note("down", now);
          return "down";
        }
        if (fault === "hang") {
          note("hang", now);
          await new Promise<void>((go) => hanging.add(go));
        }
        const response = await app.fetch(request);
        note(fault ?? response.status, now);
        return fault === "lose-answer" ? "down" : response;
      } finally {
        if (ofSession) parallel--;
      }
    },
  };
  return site;
}
