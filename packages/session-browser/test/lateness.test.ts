import { describe, expect, it } from "vitest";
import { MINUTE, SECOND, settle, World } from "./tabs.ts";

async function open(tabs = 1) {
  const world = new World();
  world.server.signIn("e1");
  const [a, b] = [await world.tab(), tabs > 1 ? await world.tab() : undefined];
  return { world, server: world.server, a, b: b ?? a };
}

/** The next request of this kind hangs until the returned function is called. */
function hang(world: World, method: string, path: string): () => Promise<void> {
  const { fetch } = world.server;
  let gate: Promise<void> | undefined;
  let open = (): void => undefined;
  Object.assign(world.server, {
    async fetch(request: Request) {
      if (!gate && request.method === method && new URL(request.url).pathname === path) await (gate = new Promise<void>((resolve) => (open = resolve)));
      return fetch(request);
    },
  });
  return async () => {
    open();
    await settle();
  };
}

describe("a session that ended while nobody looked", () => {
  it("[L05] is called idle, or over by the absolute limit, although the server has forgotten by then why it ended", async () => {
    for (const [hours, status] of [[0.5, "idle"], [8, "idle"]] as const) {
      const { world, server, a, b } = await open(2);
      world.sleep(hours * 60 * MINUTE);
      server.end("idle");
      server.ended = undefined;
      for (const tab of [a, b]) {
        await tab.input();
        expect([tab.status, tab.state]).toEqual([status, { status, reason: status, confirmed: true }]);
      }
      expect(new Set([...a.seen, ...b.seen])).toEqual(new Set(["none", "active", "idle"]));
    }
    const { world, server, a } = await open();
    for (let i = 0; i < 11; i++) {
      await world.run(5 * MINUTE, MINUTE);
      await a.client.extend();
    }
    world.sleep(6 * MINUTE);
    server.end("absolute");
    server.ended = undefined;
    await a.input();
    expect(a.state).toEqual({ status: "expired", reason: "absolute", confirmed: true });
  });

  it("and one that the clocks do not know to be over is called revoked", async () => {
    const { server, a } = await open();
    server.end("revoked");
    server.ended = undefined;
    await a.client.refresh();
    expect(a.state).toEqual({ status: "revoked", reason: "revoked", confirmed: true });
  });

  it("[L07] a 401 in a tab that knows of it from another is no reason to ask", async () => {
    const { server, a, b } = await open(2);
    server.end("revoked");
    await a.client.refresh();
    await b.emit("window", "storage", { key: "session:/session" });
    expect(b.status).toBe("revoked");
    server.log.length = 0;
    expect((await b.client.fetch("/data")).status).toBe(401);
    await settle();
    expect(server.log).toEqual(["GET /data (nobody)"]);
  });
});

describe("a page that goes into the back-forward cache while it asks", () => {
  for (const locks of [true, false]) {
    it(`[H12] does not take the ${locks ? "lock" : "lease"} with it`, async () => {
      const world = new World();
      world.server.signIn("e1");
      const environment = locks ? {} : { locks: undefined };
      const [a, b] = [await world.tab({ environment }), await world.tab({ environment })];
      hang(world, "GET", "/session");
      void a.client.refresh();
      await settle();
      await a.emit("window", "pagehide", { persisted: true });
      a.frozen = true;
      world.server.log.length = 0;
      void b.client.refresh();
      await settle();
      expect(world.server.log).toEqual(["GET /session (nobody)"]);
      expect(b.status).toBe("active");
    });
  }

  it("[H12] nor the lock that it waits for", async () => {
    const { world, server, a } = await open();
    let left = false;
    const b = await world.tab({ environment: { fetch: (...args) => (left ? new Promise(() => undefined) : server.fetch(...args)) } });
    const c = await world.tab();
    const release = hang(world, "GET", "/session");
    for (const tab of [a, b, c]) {
      void tab.client.refresh();
      await settle();
    }
    left = true;
    await b.emit("window", "pagehide", { persisted: true });
    server.log.length = 0;
    await release();
    expect(server.log.length).toBe(2);
    expect([a.status, c.status]).toEqual(["active", "active"]);
  });
});

describe("a touch", () => {
  it("[L06] that was under way while there was activity is followed by another in time", async () => {
    const { world, server, a } = await open();
    server.idle = 2 * MINUTE;
    await a.client.refresh();
    await world.run(20 * SECOND);
    const release = hang(world, "POST", "/session/touch");
    await a.input();
    await world.run(3 * SECOND);
    await a.input();
    await world.run(2 * SECOND);
    server.log.length = 0;
    await release();
    await world.run(15 * SECOND);
    expect(server.log.filter((line) => line.startsWith("POST")).length).toBe(2);
  });

  it("is not sent for activity that was long ago: the server would take it for new", async () => {
    const { world, server, a } = await open();
    await world.run(MINUTE);
    server.down = "network";
    await a.input();
    await world.run(4 * MINUTE);
    server.down = undefined;
    server.log.length = 0;
    await world.run(MINUTE);
    expect(server.log.filter((line) => line.startsWith("POST"))).toEqual([]);
    expect(a.status).toBe("active");
    await a.input();
    await settle();
    expect(server.log.filter((line) => line.startsWith("POST"))).toEqual(["POST /session/touch"]);
  });
});
