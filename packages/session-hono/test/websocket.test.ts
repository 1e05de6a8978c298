import { serve, upgradeWebSocket, type WebSocketServerLike } from "@hono/node-server";
import { createMemoryStore } from "@holdfast/session-core/memory";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { WebSocket, WebSocketServer } from "ws";
import { requireOrigin, requireSession } from "../src/index.ts";
import { Browser, type Data, MINUTE, ORIGIN, signedIn, world } from "./support.ts";

const OTHER = "https://other.test";
const EVERY = 5000;

/** Time that only moves when told to; whoever waits goes on when it has come. */
function manualClock() {
  let now = Date.UTC(2026, 0, 1);
  const waiting: { at: number; go: () => void }[] = [];
  return {
    now: () => now,
    wait: (ms: number) => new Promise<void>((go) => void waiting.push({ at: now + ms, go })),
    advance(ms: number) {
      now += ms;
      for (const { go } of waiting.splice(0).filter((one) => (one.at <= now ? true : (waiting.push(one), false)))) go();
    },
    waiters: () => waiting.length,
  };
}

describe("WebSockets over a real server", () => {
  const clock = manualClock();
  const store = createMemoryStore({ clock });
  const core = { clock, store };
  const { app, sessions } = world({ core });
  // Another process: the same store, nothing else in common.
  const elsewhere = world({ core }).sessions;
  app.get(
    "/socket",
    requireOrigin([ORIGIN, OTHER]),
    requireSession<Data>(),
    upgradeWebSocket((c) => {
      const closed = new AbortController();
      const { id, subject } = c.get("active");
      return {
        onOpen: (_, socket) => {
          sessions.watch(id, { every: EVERY, signal: closed.signal }).addEventListener("abort", () => socket.close(4401, "The session is over"));
          socket.send(`hello ${subject}`);
        },
        onMessage: ({ data }, socket) => socket.send(`echo ${String(data)}`),
        onClose: () => closed.abort(),
      };
    }),
  );
  const server = serve({ fetch: app.fetch, port: 0, hostname: "127.0.0.1", websocket: { server: new WebSocketServer({ noServer: true }) as WebSocketServerLike } });
  let url = "";

  beforeAll(async () => {
    if (!server.listening) await once(server, "listening");
    url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}/socket`;
  });
  afterAll(async () => {
    server.close();
    await once(server, "close");
  });

  const connect = (headers: Record<string, string>): WebSocket => new WebSocket(url, { headers });
  /** The status that an upgrade was refused with, or 101. */
  const statusOf = (headers: Record<string, string>): Promise<number | undefined> =>
    new Promise((resolve, reject) => {
      const socket = connect(headers);
      socket.on("unexpected-response", (_, response) => (response.resume(), resolve(response.statusCode)));
      socket.on("open", () => (socket.terminate(), resolve(101)));
      socket.on("error", reject);
    });
  const opened = async (browser: Browser): Promise<WebSocket> => {
    const socket = connect({ cookie: browser.cookie, origin: ORIGIN });
    const [hello] = (await once(socket, "message")) as [Buffer];
    expect(hello.toString()).toBe("hello ada");
    return socket;
  };
  const echo = async (socket: WebSocket, text: string): Promise<string> => {
    socket.send(text);
    const [answer] = (await once(socket, "message")) as [Buffer];
    return answer.toString();
  };
  /** Opened, and its watch has asked the store and waits for its next turn. */
  const settled = async (browser: Browser): Promise<WebSocket> => {
    const before = clock.waiters();
    const socket = await opened(browser);
    while (clock.waiters() === before) await new Promise((resolve) => setImmediate(resolve));
    return socket;
  };

  it("[E16] an upgrade needs an Origin of the list and a live session", async () => {
    const { cookie } = await signedIn(app);
    expect(await statusOf({ cookie, origin: ORIGIN })).toBe(101);
    expect(await statusOf({ cookie, origin: OTHER })).toBe(101);
    for (const origin of ["https://evil.test", "null", `${ORIGIN}.evil.test`, "http://app.test", `${ORIGIN}:8443`, "https://APP.test", ORIGIN.replace("https", "wss")]) {
      expect(await statusOf({ cookie, origin }), origin).toBe(403);
    }
    expect(await statusOf({ cookie })).toBe(403);
    expect(await statusOf({ origin: ORIGIN })).toBe(401);
    expect(await statusOf({ cookie: `${cookie}x`, origin: ORIGIN })).toBe(401);
    const { credential, state } = await sessions.issue("ada");
    expect(await statusOf({ authorization: `Bearer ${credential.reveal()}` })).toBe(101);
    await sessions.revoke(state.id);
    expect(await statusOf({ authorization: `Bearer ${credential.reveal()}` })).toBe(401);
  });

  it("[E16] without a list it is the server's own origin that counts", async () => {
    const own = world().app;
    own.get("/feed", requireOrigin(), (c) => c.text("feed"));
    const status = async (headers: Record<string, string>) => (await own.request(`${ORIGIN}/feed`, { headers })).status;
    expect([await status({ origin: ORIGIN }), await status({ origin: OTHER }), await status({ cookie: "a=b" }), await status({})]).toEqual([200, 403, 403, 200]);
    expect(() => requireOrigin(["*"])).toThrow(expect.objectContaining({ code: "config", option: "origins" }));
  });

  it("[E16] a guest, and a session that has ended, gets no socket", async () => {
    const guest = new Browser(app);
    await guest.post("/cart");
    expect(await statusOf({ cookie: guest.cookie, origin: ORIGIN })).toBe(401);
    const browser = await signedIn(app);
    const { cookie } = browser;
    await browser.post("/session/logout");
    expect(await statusOf({ cookie, origin: ORIGIN })).toBe(401);
  });

  it("[E16] a sign-out in this process closes its socket at once, and no other", async () => {
    const [mine, other] = [await signedIn(app), await signedIn(app)];
    const [socket, bystander] = [await opened(mine), await opened(other)];
    expect(await echo(socket, "a")).toBe("echo a");
    const closed = once(socket, "close");
    await mine.post("/session/logout");
    expect((await closed)[0]).toBe(4401);
    expect(await echo(bystander, "b")).toBe("echo b");
    bystander.terminate();
    await once(bystander, "close");
  });

  it("[E16] a revocation in another process closes it at the next look at the store, at most 5 s later", async () => {
    const browser = await signedIn(app);
    const socket = await settled(browser);
    let over = false;
    const closed = once(socket, "close").then(([code]) => ((over = true), code as number));
    await elsewhere.revokeAll("ada");
    clock.advance(EVERY - 1);
    expect(await echo(socket, "still here")).toBe("echo still here");
    expect(over).toBe(false);
    clock.advance(1);
    expect(await closed).toBe(4401);
  });

  it("[E16] an idle session closes it too: messages are no requests", async () => {
    const browser = await signedIn(app);
    const socket = await settled(browser);
    const closed = once(socket, "close");
    expect(await echo(socket, "talk")).toBe("echo talk");
    clock.advance(31 * MINUTE);
    expect((await closed)[0]).toBe(4401);
  });
});
