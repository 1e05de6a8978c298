import { serve, upgradeWebSocket, type WebSocketServerLike } from "@hono/node-server";
import { createSessions, generateKeys, type KeyRingFile } from "@holdfast/session-core";
import { createMemoryStore } from "@holdfast/session-core/memory";
import { csrf, holdfastErrorHandler, requireOrigin, requireSession, session, type SessionEnv } from "@holdfast/session-hono";
import { Hono } from "hono";
import { WebSocketServer } from "ws";

type Data = Record<string, never>;

const { SESSION_KEYS, NODE_ENV, PORT = "3000", HOST = "127.0.0.1", ORIGINS } = process.env;
if (SESSION_KEYS === undefined && NODE_ENV === "production") throw new Error("SESSION_KEYS is missing; see ../README.md.");

const sessions = createSessions<Data>({
  store: createMemoryStore(),
  keys: SESSION_KEYS === undefined ? generateKeys() : (JSON.parse(SESSION_KEYS) as KeyRingFile),
});
// Behind a proxy that ends TLS: ORIGINS=https://app.example
const origins = ORIGINS?.split(",");

const app = new Hono<SessionEnv<Data>>();
app.onError(holdfastErrorHandler((_error, c) => c.text("Something went wrong", 500)));
app.use(csrf(origins ? { origins } : {}));
app.use(session(sessions));

app.get("/me", (c) => c.json({ kind: c.var.session.state.kind }));
app.post("/sign-in", (c) => {
  c.var.session.start(c.req.query("user") ?? "ada"); // after your password check
  return c.text("signed in");
});
app.post("/sign-out", (c) => {
  c.var.session.end();
  return c.text("signed out");
});

app.get(
  "/socket",
  // An upgrade is a GET with cookies that no CORS stands before: any page could open one.
  requireOrigin(origins),
  requireSession<Data>(),
  upgradeWebSocket((c) => {
    const { id, subject } = c.get("active");
    const closed = new AbortController();
    return {
      onOpen(_event, socket) {
        // At once for an ending in this process, within 5 s and one store call for one elsewhere and for a deadline that passes.
        sessions.watch(id, { signal: closed.signal, every: 5000 }).addEventListener("abort", () => socket.close(4401, "The session is over"));
        socket.send(`Welcome, ${subject}`);
      },
      onMessage: ({ data }, socket) => socket.send(`${subject}: ${String(data)}`),
      onClose: () => closed.abort(),
    };
  }),
);

const websocket = { server: new WebSocketServer({ noServer: true, maxPayload: 64 * 1024 }) as WebSocketServerLike };
const server = serve({ fetch: app.fetch, port: Number(PORT), hostname: HOST, websocket }, () => console.log(`http://${HOST}:${PORT}`));
process.once("SIGTERM", () => server.close());
