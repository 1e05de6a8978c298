import { createSessionClient } from "@holdfast/session-browser";
import { createTestServer, type TestServer, type TestServerOptions } from "@holdfast/session-browser-testing";
import { sessionHandlers } from "@holdfast/session-browser-testing/msw";
import { http } from "msw/http";
import { setupServer } from "msw/node";
import { afterEach, describe, expect, it } from "vitest";

const MINUTE = 60_000;
const ORIGIN = "https://shop.test";
let close = (): void => undefined;
afterEach(() => close());

/** The server behind msw, and a client without a page that asks through it. */
function setUp(options: TestServerOptions = {}) {
  const server = createTestServer({ policy: { idle: 10 * MINUTE, absolute: 60 * MINUTE }, ...options });
  const mocked = setupServer(...sessionHandlers(http, server));
  mocked.listen({ onUnhandledFrame: "error" });
  close = () => {
    close = () => undefined;
    mocked.close();
  };
  const items = new Map<string, string>();
  const client = createSessionClient({
    environment: {
      now: () => Date.UTC(2026, 0, 1),
      page: { window: new EventTarget(), document: { visibilityState: "visible", activeElement: null, baseURI: `${ORIGIN}/` }, url: () => `${ORIGIN}/` },
      storage: { getItem: (key) => items.get(key) ?? null, setItem: (key, value) => void items.set(key, value), removeItem: (key) => void items.delete(key) },
      locks: undefined,
    },
  });
  return { server, client };
}

const status = async ({ client }: ReturnType<typeof setUp>): Promise<string> => (await client.refresh()).status;

describe("the session routes behind msw", () => {
  it("answer as the server does: signed in, touched, signed out, with tokens and hint", async () => {
    const it = setUp({ csrf: true, hint: true, clearSiteData: ["storage"] });
    expect(await status(it)).toBe("none");
    await it.server.signIn("grace");
    expect(await it.client.refresh()).toMatchObject({ status: "active", view: { subject: "grace", idleIn: 600, idleFor: 600, expiresIn: 3600 } });
    expect(it.server.jar.get("__Host-sid-hint")).toBeTruthy();
    expect(await it.client.extend()).toBe(true);
    expect((await it.client.fetch("/data")).headers.get("session-deadlines")).toMatch(/^idle=600, absolute=3600, epoch="/);
    expect(await it.client.logout()).toBe("done");
    expect(it.server.jar.header).toBe("");
    expect(it.server.log).toContain("POST /session/logout");
    const refused = await fetch(`${ORIGIN}/session/touch`, { method: "POST", headers: { "sec-fetch-site": "cross-site" } });
    expect([refused.status, refused.headers.get("content-type")]).toEqual([403, "application/problem+json"]);
  });

  it("tell of a session that idled out, was revoked or signed out elsewhere", async () => {
    for (const [end, reason] of [
      [(server: TestServer) => server.advance(10 * MINUTE), "idle"],
      [(server: TestServer) => server.revoke(), "revoked"],
    ] as const) {
      const it = setUp();
      await it.server.signIn();
      expect(await status(it)).toBe("active");
      await end(it.server);
      expect(await it.client.refresh()).toMatchObject({ status: reason, reason, confirmed: true });
      close();
    }
    const it = setUp();
    await it.server.signIn();
    await status(it);
    await it.server.signOut();
    expect(["none", "revoked"]).toContain(await status(it));
  });

  it("fail, get lost before or after their effect, and are away", async () => {
    const it = setUp();
    const { server, client } = it;
    await server.signIn();
    expect(await status(it)).toBe("active");
    server.fail();
    expect(await status(it)).toBe("offline");
    server.fail(1, 500);
    expect(await status(it)).toBe("offline");
    server.loseRequest();
    expect(await status(it)).toBe("offline");
    server.offline = true;
    expect(await status(it)).toBe("offline");
    server.offline = false;
    expect(await status(it)).toBe("active");
    server.loseAnswer();
    expect(await client.logout()).toBe("pending");
    expect((await server.fetch(new Request(`${ORIGIN}/session`))).status).toBe(200);
    expect(await (await server.fetch(new Request(`${ORIGIN}/session`))).json()).toEqual({ state: "none", ended: "logout" });
  });

  it("superseded once: the client asks once more", async () => {
    const it = setUp();
    await it.server.signIn();
    it.server.supersede();
    expect(await status(it)).toBe("active");
    expect(it.server.log.filter((line) => line === "GET /session")).toHaveLength(2);
  });

  it("can be held back", async () => {
    const it = setUp();
    await it.server.signIn();
    const release = it.server.hold();
    let done = false;
    const asked = it.client.refresh().then(() => (done = true));
    while (it.server.log.length === 0) await new Promise((resolve) => setImmediate(resolve));
    expect(done).toBe(false);
    release();
    await asked;
  });
});
