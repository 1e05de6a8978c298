import { describe, expect, it } from "vitest";
import { createSessionClient } from "../src/index.ts";
import { MINUTE, problemAnswer, SECOND, settle, World } from "./tabs.ts";

async function signedIn(tabs = 1, options: Parameters<World["tab"]>[0] = {}) {
  const world = new World();
  world.server.signIn();
  const opened = [];
  for (let i = 0; i < tabs; i++) opened.push(await world.tab(options));
  const [a, b] = opened;
  if (!a) throw new Error("no tab");
  return { world, server: world.server, a, b: b ?? a };
}

describe("life of a session", () => {
  it("[L05] [L02] counts down from the server's seconds: active, warning, idle, and the warning leaves time to act", async () => {
    const { world, a } = await signedIn();
    expect(a.state).toMatchObject({ status: "active", by: "idle", endsIn: 10 * MINUTE });
    await world.run(8 * MINUTE - SECOND);
    expect(a.status).toBe("active");
    await world.run(SECOND);
    expect(a.state).toMatchObject({ status: "warning", endsIn: 2 * MINUTE });
    expect(await a.client.extend()).toBe(true);
    expect(a.state).toMatchObject({ status: "active", endsIn: 10 * MINUTE });
    await world.run(10 * MINUTE);
    expect(a.state).toEqual({ status: "idle", reason: "idle", confirmed: true });
  });

  it("[L02] ten extensions in a row work, each with one call", async () => {
    const { world, server, a } = await signedIn();
    server.absolute = 24 * 60 * MINUTE;
    await a.client.refresh();
    for (let i = 0; i < 12; i++) {
      await world.run(9 * MINUTE);
      expect(a.status).toBe("warning");
      server.log.length = 0;
      await a.client.extend();
      expect(server.log).toEqual(["POST /session/touch"]);
      expect(a.status).toBe("active");
    }
  });

  it("[L03] the absolute limit is warned of and ends the session whatever the user does", async () => {
    const { world, a } = await signedIn();
    for (let i = 0; i < 58; i++) {
      await a.input();
      await world.run(MINUTE);
    }
    expect(a.state).toMatchObject({ status: "warning", by: "absolute" });
    await world.run(2 * MINUTE);
    expect(a.status).toBe("expired");
  });

  it("activity reaches the server at most every tenth of the idle time, also when it stops in between", async () => {
    const { world, server, a } = await signedIn();
    server.log.length = 0;
    for (let i = 0; i < 330; i++) {
      await a.input();
      await world.run(SECOND);
    }
    expect(server.log.filter((line) => line === "POST /session/touch").length).toBeLessThanOrEqual(6);
    const { seenAt } = server.session ?? { seenAt: 0 };
    await world.run(MINUTE);
    expect((server.session?.seenAt ?? 0) - seenAt).toBeGreaterThan(0);
    await world.run(8 * MINUTE + 30 * SECOND);
    expect(a.status).toBe("warning");
  });

  it("a warning shorter than 20 s is refused", () => {
    expect(() => createSessionClient({ warnBefore: 19_999 })).toThrow(RangeError);
  });

  it("with whileWarning: ask only extend() ends the warning", async () => {
    const { world, a } = await signedIn(1, { whileWarning: "ask" });
    await world.run(9 * MINUTE);
    await a.input();
    expect(a.status).toBe("warning");
    await a.client.extend();
    expect(a.status).toBe("active");
  });
});

describe("the failures of the field", () => {
  it("[L06] E1: a tab opened later and left alone never ends the session of a working one", async () => {
    const { world, a, b } = await signedIn(2);
    for (let i = 0; i < 30; i++) {
      await a.input();
      await world.run(MINUTE);
      expect(b.status).toBe("active");
    }
    expect(b.seen).not.toContain("warning");
  });

  it("E2: a crashed tab cannot hold the others' idle open", async () => {
    const { world, a, b } = await signedIn(2);
    await b.input();
    b.crash();
    await world.run(11 * MINUTE + SECOND);
    expect(a.status).toBe("idle");
  });

  it("[L05] E3: the first movement after a sleep does not revive: expired shows at once", async () => {
    const { world, server, a } = await signedIn();
    world.sleep(30 * MINUTE);
    server.log.length = 0;
    await a.input();
    expect(a.status).toBe("idle");
    expect(server.log).not.toContain("POST /session/touch");
  });

  it("[D11] E4: a page restored from the back-forward cache asks before it believes", async () => {
    const { world, server, a } = await signedIn();
    a.frozen = true;
    server.end("logout");
    world.now += MINUTE;
    a.frozen = false;
    await a.emit("window", "pageshow", { persisted: true });
    expect(a.state).toEqual({ status: "none", known: true, reason: "logout" });
  });

  it("E5: leaving that did not happen changes nothing, and nothing listens to unload", async () => {
    const { world, a } = await signedIn();
    await a.emit("window", "beforeunload");
    await a.emit("window", "pagehide");
    await world.run(10 * MINUTE);
    expect(a.status).toBe("idle");
  });

  it("E7: a poll that fails is offline, never a sign-out, and heals", async () => {
    const { world, server, a } = await signedIn();
    for (const down of [500, 502, 429, "network"] as const) {
      server.down = down;
      await a.client.refresh();
      expect(a.status).toBe("offline");
      server.down = undefined;
      await world.run(6 * SECOND);
      await a.emit("window", "online");
      expect(a.status).toBe("active");
    }
  });

  it("a clock that was set back gives no time: the server is asked", async () => {
    const { world, server } = await signedIn();
    await world.run(5 * MINUTE);
    server.log.length = 0;
    world.now -= 3 * MINUTE;
    await world.run(MINUTE);
    expect(server.log[0]).toBe("GET /session (nobody)");
  });
});

describe("tabs", () => {
  it("[D13] [D12] signing out in one reaches all at once, also with the server unreachable, and the server is told later", async () => {
    const { server, a, b } = await signedIn(2);
    server.down = "network";
    expect(await a.client.logout()).toBe("pending");
    expect([a.status, b.status]).toEqual(["none", "none"]);
    expect(server.session).toBeDefined();
    server.down = undefined;
    await b.emit("window", "online");
    expect(server.session).toBeUndefined();
  });

  it("[D12] a sign-out that did not get through is sent by the next page", async () => {
    const { world, server, a } = await signedIn();
    server.down = "network";
    await a.client.logout();
    a.end();
    server.down = undefined;
    const next = await world.tab();
    expect(server.log.at(-2)).toBe("POST /session/logout");
    expect(next.status).toBe("none");
    expect(server.session).toBeUndefined();
  });

  it("an answer that was under way during the sign-out does not bring the session back", async () => {
    const { world, server, a, b } = await signedIn(2);
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    const { fetch } = server;
    const slow = b.client.fetch("/data", { background: true });
    await settle();
    const late = world.tab({ environment: { fetch: async (...args) => { const response = await fetch(...args); await held; return response; } } });
    const tab = await late;
    await a.client.logout();
    release();
    await slow;
    await settle();
    expect([a.status, b.status]).toEqual(["none", "none"]);
    expect(world.items.has("session:/session")).toBe(false);
    expect(tab.status).toBe("none");
  });

  it("a sign-in in one tab is noticed by the others", async () => {
    const { world, server, a, b } = await signedIn(2);
    await a.client.logout();
    await world.run(SECOND);
    server.signIn("new");
    await a.client.refresh();
    expect(a.status).toBe("active");
    await world.run(5 * SECOND);
    expect(b.status).toBe("active");
  });

  it("activity never creates a record", async () => {
    const { world, server, a } = await signedIn();
    server.down = "network";
    world.items.clear();
    await a.input();
    expect(a.state).toEqual({ status: "none", known: false });
    expect(world.items.has("session:/session")).toBe(false);
  });

  it("scripts cannot pretend to be the user", async () => {
    const { world, a } = await signedIn();
    for (let i = 0; i < 10; i++) {
      await a.input("pointermove", false);
      await world.run(MINUTE);
    }
    expect(a.status).toBe("idle");
  });
});

describe("requests", () => {
  it("[C07] marks what no user is behind, and only to its own origin", async () => {
    const { world, server, a } = await signedIn();
    server.log.length = 0;
    await a.client.fetch("/poll");
    await a.input("pointerdown");
    await a.client.fetch("/click");
    await a.client.fetch("/sync", { background: true });
    a.document.visibilityState = "hidden";
    await a.client.fetch("/hidden");
    expect(server.log.filter((line) => !line.includes("/session"))).toEqual(["GET /poll (nobody)", "GET /click", "GET /sync (nobody)", "GET /hidden (nobody)"]);
    await world.run(MINUTE);
    server.log.length = 0;
    await a.client.fetch("https://other.test/x");
    expect(server.log).toEqual(["GET /x"]);
  });

  it("deadlines of any answer move the countdown", async () => {
    const { world, a } = await signedIn();
    await world.run(5 * MINUTE);
    await a.client.fetch("/data", { background: false });
    expect(a.state).toMatchObject({ status: "active", endsIn: 10 * MINUTE });
  });

  it("[L07] a 401 is understood by its problem type: one look at the session, no loop, no retry", async () => {
    const { server, a } = await signedIn();
    server.end("revoked");
    server.log.length = 0;
    const responses = await Promise.all(Array.from({ length: 5 }, () => a.client.fetch("/data")));
    await settle();
    expect(responses.every(({ status }) => status === 401)).toBe(true);
    expect(server.log.filter((line) => line.startsWith("GET /session"))).toHaveLength(1);
    expect(a.state).toEqual({ status: "revoked", reason: "revoked", confirmed: true });
  });

  it.each([
    ["POST", { processed: false }, {}, 2],
    ["POST", {}, { "idempotency-key": "k" }, 2],
    ["PUT", {}, {}, 2],
    ["POST", {}, {}, 1],
    ["PATCH", {}, {}, 1],
  ] as const)("[L07] a superseded %s is sent once more, with its body, if it was not processed (%o, %o): %i", async (method, member, headers, times) => {
    const bodies: string[] = [];
    const world = new World();
    world.server.signIn();
    const tab = await world.tab({
      environment: {
        fetch: async (input, init) => {
          const request = new Request(input, init);
          if (new URL(request.url).pathname !== "/data") return world.server.fetch(request);
          bodies.push(await request.text());
          return problemAnswer("superseded", 401, member);
        },
      },
    });
    expect((await tab.client.fetch("/data", { method, headers, body: "x" })).status).toBe(401);
    expect(bodies).toEqual(Array(times).fill("x"));
    expect(tab.status).toBe("active");
  });

  it("a body that can be read once only is sent once", async () => {
    const world = new World();
    world.server.signIn();
    const tab = await world.tab();
    world.server.stragglers = 1;
    world.server.log.length = 0;
    const body = new Blob(["x"]).stream();
    expect((await tab.client.fetch("/data", { method: "PUT", body, duplex: "half" } as never)).status).toBe(401);
    expect(world.server.log).toHaveLength(1);
  });
});

describe("being a good guest", () => {
  it("works from the first listener to the last, and leaves no timer", async () => {
    const { a } = await signedIn();
    expect(a.timers).toHaveLength(1);
    a.end();
    await settle();
    expect(a.timers).toEqual([]);
    expect(a.heard).toEqual([]);
    a.client.dispose();
    const before = a.seen.length;
    await a.input();
    expect(a.seen).toHaveLength(before);
  });

  it("[L01] [L08] stores and says nothing that would let anybody in", async () => {
    const { world, a } = await signedIn();
    await a.input();
    expect([...world.items.keys()]).toEqual(["session:/session"]);
    expect(Object.keys(JSON.parse(world.items.get("session:/session") ?? "{}") as object).toSorted()).toEqual(["absoluteAt", "at", "epoch", "idleAt", "idleFor", "lastActivity", "toldAt"]);
  });

  it("can be imported, constructed and read on a server", () => {
    const client = createSessionClient({ base: "https://app.test/session" });
    expect(client.get()).toEqual({ status: "none", known: false });
  });

  it("goes on in a storage that is full", async () => {
    const world = new World();
    world.server.signIn();
    const full = (): void => {
      throw new DOMException("full", "QuotaExceededError");
    };
    const tab = await world.tab({ environment: { storage: { getItem: () => null, setItem: full, removeItem: () => undefined } } });
    expect(tab.status).toBe("active");
  });

  it("a damaged record is no record", async () => {
    for (const text of ["{", "null", "[]", '{"epoch":1}', '{"epoch":"x","idleAt":"soon"}']) {
      const world = new World();
      world.server.signIn();
      world.items.set("session:/session", text);
      expect((await world.tab()).status).toBe("active");
    }
  });
});
