import { describe, expect, it } from "vitest";
import { MINUTE, problemAnswer, SECOND, settle, Tab, World } from "./tabs.ts";

// What seeded schedules of several tabs found (packages/session-browser-testing).

async function open(tabs = 1) {
  const world = new World();
  world.server.signIn("e1");
  const [a, b] = [await world.tab(), tabs > 1 ? await world.tab() : undefined];
  world.server.log.length = 0;
  return { world, server: world.server, a, b: b ?? a };
}

/** Holds back the answers to requests of this kind from now on, until each is let go. */
function holdBack(world: World, path: string): (() => Promise<void>)[] {
  const { fetch } = world.server;
  const held: (() => Promise<void>)[] = [];
  Object.assign(world.server, {
    async fetch(request: Request) {
      const response = await fetch(request);
      if (new URL(request.url).pathname === path) await new Promise<void>((resolve) => held.push(async () => (resolve(), settle())));
      return response;
    },
  });
  return held;
}

/** Has the right to ask until it is given back. */
function take(world: World): () => Promise<void> {
  let release = (): void => undefined;
  void world.locks.request("session:/session", {}, () => new Promise<void>((resolve) => (release = resolve)));
  return async () => (release(), settle());
}

const comeBack = (tab: Tab): Promise<void> => tab.emit("window", "pageshow", { persisted: true });

describe("a page that comes back", () => {
  it("[H12] is not confirmed by the late answer to a question from before", async () => {
    for (const ask of [(tab: Tab) => tab.client.extend(), (tab: Tab) => tab.client.fetch("/data")]) {
      const { world, a } = await open();
      const touches = holdBack(world, "/session/touch");
      const requests = holdBack(world, "/data");
      const views = holdBack(world, "/session");
      void ask(a);
      await settle();
      world.now += SECOND;
      await comeBack(a);
      for (const answer of [...touches, ...requests]) await answer();
      expect(a.state).toMatchObject({ confirmed: false });
      await world.run(SECOND, 500);
      for (const answer of views) await answer();
      expect(a.state).toMatchObject({ status: "active", confirmed: true });
    }
  });

  it("[H12] nor by an answer from long ago, when the one it waits for fails", async () => {
    const { world, server, a, b } = await open(2);
    const views = holdBack(world, "/session");
    void b.client.refresh();
    await settle();
    void a.client.refresh();
    await settle();
    world.now += SECOND;
    // Its own question waits for the other tab's; this is a new one.
    await comeBack(a);
    server.down = "network";
    for (const answer of views) await answer();
    world.now += SECOND;
    await settle();
    expect(a.state).toMatchObject({ confirmed: false });
  });

  it("[L05] nor by one that seems to be new because the clock was set back", async () => {
    const { world, server, a } = await open();
    world.now -= 5 * MINUTE;
    server.down = "network";
    await comeBack(a);
    expect(a.state).toMatchObject({ confirmed: false });
  });
});

describe("the server", () => {
  it("[L07] that refuses a credential again and again is asked less and less often", async () => {
    const { world, server, a } = await open();
    Object.assign(server, {
      async fetch(request: Request) {
        server.log.push(request.method);
        return problemAnswer("superseded", 401, { processed: false });
      },
    });
    void a.client.refresh();
    await world.run(MINUTE);
    expect(a.status).toBe("offline");
    expect(server.log.length).toBeGreaterThan(3);
    expect(server.log.length).toBeLessThan(30);
  });

  it("[L05] is told by extend(), also after the clock was set back", async () => {
    const { world, server, a } = await open();
    await world.run(SECOND);
    await a.client.extend();
    world.now -= 5 * MINUTE;
    server.log.length = 0;
    await a.client.extend();
    expect(server.log).toEqual(["POST /session/touch"]);
  });

  it("is told once by extend(), which says so also where the next question waits already", async () => {
    const { world, server, a } = await open();
    const first = take(world);
    void a.client.refresh();
    const extended = a.client.extend();
    const second = take(world);
    await world.run(SECOND);
    await first();
    void a.client.refresh();
    await settle();
    await second();
    expect(server.log).toEqual(["POST /session/touch", "GET /session (nobody)"]);
    expect(await extended).toBe(true);
  });
});

describe("signing out", () => {
  it("ends the session that another tab began, also in tabs that ask for it just now", async () => {
    const { world, server, a, b } = await open(2);
    server.end("revoked");
    await b.client.refresh();
    expect(a.status).toBe("revoked");
    server.signIn("e2");
    await b.client.refresh();
    const views = holdBack(world, "/session");
    const c = await world.tab();
    await a.client.logout();
    for (const answer of views) await answer();
    expect([a.status, b.status, c.status]).toEqual(["none", "none", "none"]);
  });
});

describe("signing out while the server cannot be reached", () => {
  it.each(["before", "after"])("[D12] from a page that knows of no session is not taken for one of the session that another page knew %s it", async (when) => {
    const { world, server, a } = await open();
    server.signIn("e2");
    server.down = "network";
    const silent = async (): Promise<void> => {
      const record = world.items.get("session:/session");
      world.items.delete("session:/session");
      expect(await new Tab(world, {}, undefined, false).client.logout()).toBe("pending");
      if (record && when === "before") world.items.set("session:/session", record);
    };
    if (when === "before") await silent();
    expect(await a.client.logout()).toBe("pending");
    if (when === "after") await silent();
    server.down = undefined;
    await a.emit("window", "online");
    expect(server.session).toBeUndefined();
  });

  it("[D12] is not forgotten for the late answer to a question from before", async () => {
    const { world, server, a } = await open();
    const views = holdBack(world, "/session");
    // Knows nothing yet, and asks beside the others.
    await world.tab();
    server.signIn("e2");
    void a.client.refresh();
    await settle();
    await views.pop()?.();
    world.now += SECOND;
    server.down = "network";
    expect(await a.client.logout()).toBe("pending");
    await views.pop()?.();
    server.down = undefined;
    await a.emit("window", "online");
    for (const answer of views) await answer();
    expect(server.session).toBeUndefined();
  });
});

describe("signing out where a portal answers for the server", () => {
  it("is tried again: only the server's own answer says that it is done", async () => {
    const { server, a } = await open();
    const { fetch } = server;
    Object.assign(server, { fetch: async () => new Response("<h1>Free Wi-Fi</h1>", { headers: { "content-type": "text/html" } }) });
    expect(await a.client.logout()).toBe("pending");
    expect(a.status).toBe("none");
    Object.assign(server, { fetch });
    await a.emit("window", "online");
    expect(server.session).toBeUndefined();
  });
});

describe("activity", () => {
  it("[C12] of a clock that was set back since counts once, and not for ever", async () => {
    const { world, server, a } = await open();
    await world.run(SECOND);
    await a.input();
    world.now -= 60 * MINUTE;
    if (server.session) Object.assign(server.session, { seenAt: world.now, startedAt: world.now, provedAt: world.now });
    await world.run(20 * MINUTE);
    expect(a.status).toBe("idle");
    expect(server.log.filter((line) => line.startsWith("POST")).length).toBeLessThanOrEqual(2);
  });
});

/** From now on requests to `/data` reach the server when they are let go. */
function holdUp(world: World): { readonly arrive: () => Promise<void> } {
  const { fetch } = world.server;
  const held = { arrive: async (): Promise<void> => undefined };
  Object.assign(world.server, {
    async fetch(request: Request) {
      if (request.url.endsWith("/data")) await new Promise<void>((resolve) => (held.arrive = async () => (resolve(), settle())));
      return fetch(request);
    },
  });
  return held;
}

describe("an answer that was under way while the clock was set back", () => {
  it("[L05] gives no more time than there is", async () => {
    const { world, server, a } = await open();
    const views = holdBack(world, "/session");
    await world.run(SECOND);
    void a.client.refresh();
    await settle();
    world.now -= 30 * MINUTE;
    if (server.session) Object.assign(server.session, { seenAt: world.now, startedAt: world.now, provedAt: world.now });
    for (const answer of views) await answer();
    await world.run(10 * MINUTE);
    expect(a.status).toBe("idle");
  });

  it("[L05] confirms no page that came back since", async () => {
    const { world, server, a } = await open();
    const held = holdUp(world);
    void a.client.fetch("/data", { background: false });
    await world.run(SECOND);
    world.now -= 5 * SECOND;
    server.down = "network";
    await comeBack(a);
    server.down = undefined;
    await held.arrive();
    expect(a.state).toMatchObject({ confirmed: false });
  });
});

describe("a clock that was set back", () => {
  it("[L05] gives a page that stood still no more time than another tab's answer from before, and what went by since", async () => {
    const { world, server, a, b } = await open(2);
    b.frozen = true;
    await world.run(9 * MINUTE);
    await a.client.refresh();
    a.crash();
    await world.run(3 * MINUTE);
    world.now -= 20 * MINUTE;
    b.frozen = false;
    server.down = "network";
    await b.emit("document", "resume");
    expect(b.status).toBe("idle");
  });

  it("[L05] makes no answer from before a page came back one of afterwards, however long the page waits for its turn to ask", async () => {
    const { world, server, a } = await open();
    await world.run(SECOND);
    await a.client.refresh();
    world.now -= 5 * SECOND;
    const release = take(world);
    await comeBack(a);
    await world.run(6 * SECOND);
    server.down = "network";
    await release();
    expect(a.state).toMatchObject({ confirmed: false });
    server.down = undefined;
    await a.client.refresh();
    expect(a.state).toMatchObject({ confirmed: true });
  });
});

describe("deadlines", () => {
  it("[L06] that a slow request moved count, though a question that was sent after it was answered before it", async () => {
    const { world, a } = await open();
    await world.run(9 * MINUTE);
    const held = holdUp(world);
    void a.client.fetch("/data", { background: false });
    await settle();
    world.now += SECOND;
    await a.client.refresh();
    await held.arrive();
    expect(a.client.remaining()).toMatchObject({ idle: 10 * MINUTE - SECOND });
  });

  it.each([0, 20])("[L06] that a request moved count, though a question of %i ms later, answered after it, does not know", async (later) => {
    const { world, a } = await open();
    await world.run(3 * MINUTE);
    const held = holdUp(world);
    const views = holdBack(world, "/session");
    void a.client.fetch("/data", { background: false });
    await settle();
    world.now += later;
    world.steady += later;
    void a.client.refresh();
    await settle();
    await held.arrive();
    for (const answer of views) await answer();
    expect(a.client.remaining()).toMatchObject({ idle: 10 * MINUTE - later });
  });

  it("[L06] [C12] that are known are not shortened by what a slow request took, nor made longer than the server says", async () => {
    const { world, server, a } = await open();
    await world.run(MINUTE);
    const held = holdUp(world);
    void a.client.fetch("/data", { background: true });
    await settle();
    await world.run(3 * MINUTE);
    await held.arrive();
    expect(a.client.remaining()).toEqual({ idle: 6 * MINUTE, absolute: 56 * MINUTE });
    // A server that thinks better of it is believed.
    await world.run(MINUTE);
    server.idle = 8 * MINUTE;
    server.absolute = 30 * MINUTE;
    await a.client.refresh();
    expect(a.client.remaining()).toEqual({ idle: 3 * MINUTE, absolute: 25 * MINUTE });
  });
});

describe("a pointer", () => {
  it("[C12] that rests is no activity, though WebKit sends a move when content scrolls under it", async () => {
    const { world, a } = await open();
    const at = (): number => JSON.parse(world.items.get("session:/session") ?? "{}").lastActivity;
    const rest = { movementX: 0, movementY: 0 };
    const moves: readonly (readonly [counts: boolean, type: string, event: object])[] = [
      [false, "pointermove", rest],
      [true, "pointermove", { movementX: 0, movementY: 1 }],
      [true, "pointermove", { movementX: -1, movementY: 0 }],
      [false, "pointermove", rest],
      [true, "pointerdown", rest],
      [true, "wheel", rest],
      [true, "keydown", {}],
    ];
    for (const [counts, type, event] of moves) {
      await world.run(20 * SECOND);
      const before = at();
      await a.input(type, true, event);
      expect([type, event, at() > before]).toEqual([type, event, counts]);
    }
  });
});

describe("activity that came too soon after the last to be told", () => {
  it("[L01] is told when its time has come, and not with the next", async () => {
    const { world, a } = await open();
    await a.input();
    await world.run(5 * SECOND);
    await a.input();
    const at = world.now;
    // Answers move the timer.
    await world.run(4 * SECOND);
    await a.client.refresh();
    await world.run(11 * SECOND);
    expect(JSON.parse(world.items.get("session:/session") ?? "{}")).toMatchObject({ lastActivity: at });
  });
});
