import { serve } from "@hono/node-server";
import { HoldfastError } from "@holdfast/session-core";
import { stream, streamSSE } from "hono/streaming";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { Browser, ORIGIN, world } from "./support.ts";

const gate = () => {
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { open, opened };
};

describe("streams over a real server", () => {
  const setup = world();
  const { app, sessions } = setup;
  let late = gate();
  let hold = gate();
  let returned = gate();
  let base = "";
  let cookie = "";
  const server = serve({ fetch: app.fetch, port: 0, hostname: "127.0.0.1" });

  const INTENTS = {
    update: (s) => s.update((data) => ({ cart: [...data.cart, "late"] })),
    start: (s) => s.start("mallory"),
    elevate: (s) => s.elevate({ acr: "high" }),
    end: (s) => s.end(),
    touch: (s) => s.touch(),
    renew: (s) => s.renew(),
  } satisfies Record<string, (session: Parameters<Parameters<typeof sessions.handle>[1]>[0]) => void>;

  const tryAll = (session: Parameters<Parameters<typeof sessions.handle>[1]>[0]): string[] =>
    Object.entries(INTENTS).map(([name, intend]) => {
      try {
        intend(session);
        return `${name}: accepted`;
      } catch (error) {
        return `${name}: ${error instanceof HoldfastError ? error.code : String(error)}`;
      }
    });

  app.post("/sse", (c) => {
    c.var.session.update((data) => ({ cart: [...data.cart, "early"] }));
    return streamSSE(c, async (events) => {
      await events.writeSSE({ data: "first" });
      await late.opened;
      await events.writeSSE({ data: tryAll(c.var.session).join("|") });
    });
  });
  app.post("/chunks", (c) => {
    c.var.session.update((data) => ({ cart: [...data.cart, "early"] }));
    return stream(c, async (out) => {
      await out.write("first\n");
      await late.opened;
      await out.write(tryAll(c.var.session).join("|"));
    });
  });
  app.post("/held", (c) => {
    c.var.session.update((data) => ({ cart: [...data.cart, "held"] }));
    returned.open();
    return new Response(new Blob(["first"]).stream());
  });
  app.get("/healthz", (c) => c.text("ok"));

  beforeAll(async () => {
    if (!server.listening) await once(server, "listening");
    base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(async () => {
    server.close();
    await once(server, "close");
  });
  beforeEach(async () => {
    [late, hold, returned] = [gate(), gate(), gate()];
    setup.before = () => undefined;
    const browser = new Browser(app);
    await browser.post("/sign-in");
    cookie = browser.cookie;
  });
  const post = (path: string) => fetch(base + path, { method: "POST", headers: { cookie, origin: ORIGIN, "sec-fetch-site": "same-origin" } });
  const cart = async (): Promise<unknown> => ((await (await fetch(`${base}/private`, { headers: { cookie } })).json()) as { cart: unknown }).cart;

  it.each(["/sse", "/chunks"])("[J05] %s: what was asked before the first byte is written by then; every intent after it fails with a code and changes nothing", async (path) => {
    const response = await post(path);
    const reader = response.body?.getReader();
    const next = async (): Promise<string> => new TextDecoder().decode((await reader?.read())?.value);
    expect(await next()).toContain("first");
    // The stream is still open, and another request sees the write.
    expect(await cart()).toEqual(["early"]);
    late.open();
    expect((await next()).replace("data: ", "").trim().split("|")).toEqual(Object.keys(INTENTS).map((name) => `${name}: already_committed`));
    await reader?.cancel();
    expect(await cart()).toEqual(["early"]);
    expect(response.headers.getSetCookie()).toEqual([]);
  });

  it("[J05] no byte leaves while the store is still writing", async () => {
    setup.before = (verb) => (verb === "update" ? hold.opened : undefined);
    let answered = false;
    const pending = post("/held").then((response) => ((answered = true), response.text()));
    await returned.opened;
    // Whole round trips to the same server: an answer that did not wait would be here by now.
    for (let i = 0; i < 5; i++) await (await fetch(`${base}/healthz`)).text();
    expect(answered).toBe(false);
    hold.open();
    expect(await pending).toBe("first");
    expect(await cart()).toEqual(["held"]);
  });

  it("[J05] a write that fails is answered with a problem, not with the beginning of a stream", async () => {
    setup.before = (verb) => (verb === "update" ? Promise.reject(new Error("down")) : undefined);
    const response = await post("/chunks");
    late.open();
    expect(response.status).toBe(503);
    expect(await response.json()).toMatchObject({ code: "unavailable" });
  });
});
