import { describe, expect, it } from "vitest";
import { createSessionClient } from "../src/index.ts";
import { MINUTE, SECOND, settle, World } from "./tabs.ts";

async function open(tabs = 1) {
  const world = new World();
  world.server.signIn("e1");
  const [a, b] = [await world.tab(), tabs > 1 ? await world.tab() : undefined];
  return { world, server: world.server, a, b: b ?? a };
}

describe("signing out", () => {
  it("one that did not get through never ends the session after it", async () => {
    const { server, a } = await open();
    server.down = 503;
    await a.client.logout();
    server.down = undefined;
    server.signIn("e2");
    await a.client.refresh();
    await a.emit("window", "focus");
    await a.emit("window", "online");
    expect(a.status).toBe("active");
    expect(server.session?.epoch).toBe("e2");
  });

  it("nor does a page that was loaded after the next sign-in", async () => {
    const { world, server, a } = await open();
    server.down = "network";
    await a.client.logout();
    a.end();
    server.down = undefined;
    server.signIn("e2");
    expect((await world.tab()).status).toBe("active");
    expect(server.session?.epoch).toBe("e2");
  });

  it("works before the first answer and without listeners, and the late answer changes nothing", async () => {
    const { world, server, a } = await open();
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    const late = await world.tab({ environment: { fetch: async (...args) => { const response = await server.fetch(...args); if ((args[0] as Request).method === "GET") await held; return response; } } });
    await late.client.logout();
    release();
    await settle();
    expect([a.status, late.status]).toEqual(["none", "none"]);
    expect(server.session).toBeUndefined();
    a.end();
    expect(await a.client.logout()).toBe("done");
  });

  it("[D13] that the server has the storage cleared for is not undone by an answer that another tab waits for", async () => {
    const { world, server, a } = await open();
    const { fetch } = server;
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    const b = await world.tab({ environment: { fetch: async (...args) => { const response = await fetch(...args); await held; return response; } } });
    Object.assign(server, {
      async fetch(...args: Parameters<typeof fetch>) {
        const response = await fetch(...args);
        // Clear-Site-Data comes before the answer does.
        if (response.status === 204) world.items.clear();
        return response;
      },
    });
    void b.client.refresh();
    await settle();
    expect(await a.client.logout()).toBe("done");
    release();
    await settle();
    expect([a.status, b.seen.includes("active"), world.items.has("session:/session")]).toEqual(["none", false, false]);
  });

  it("everywhere stays everywhere when it is tried again", async () => {
    const { server, a } = await open();
    server.down = 500;
    await a.client.logout({ scope: "all" });
    await a.client.logout();
    expect(a.world.items.get("session:/session:logout")).toMatch(/^all /);
  });
});

describe("asking", () => {
  it("refresh() after a sign-in does not take an answer from before it", async () => {
    const world = new World();
    const gates: Promise<void>[] = [];
    const tab = await world.tab({ environment: { fetch: async (...args) => { const response = await world.server.fetch(...args); await gates[0]; return response; } } });
    let release = (): void => undefined;
    gates.push(new Promise<void>((resolve) => (release = resolve)));
    const before = tab.client.refresh();
    await settle();
    world.server.signIn("e1");
    const after = tab.client.refresh();
    release();
    expect((await before).status).toBe("none");
    expect((await after).status).toBe("active");
  });

  it("a server that was away is asked again by itself, less and less often, and warnings show meanwhile", async () => {
    const { world, server, a } = await open();
    server.down = 502;
    await a.client.refresh();
    server.log.length = 0;
    await world.run(4 * MINUTE);
    expect(server.log.length).toBeGreaterThan(2);
    expect(server.log.length).toBeLessThan(10);
    await world.run(5 * MINUTE);
    expect(a.status).toBe("warning");
    server.down = undefined;
    await a.client.refresh();
    server.down = 502;
    await a.client.refresh();
    server.down = undefined;
    await a.client.extend();
    expect(a.status).toBe("active");
  });

  it("an answer to the application ends `offline`; a failed first answer is repaired", async () => {
    const { server, a } = await open();
    server.down = 502;
    await a.client.refresh();
    server.down = undefined;
    await a.client.fetch("/data");
    expect(a.status).toBe("active");
    const world = new World();
    world.server.signIn("e9");
    world.server.down = 503;
    const tab = await world.tab();
    world.server.down = undefined;
    await world.run(MINUTE);
    expect(tab.status).toBe("active");
  });

  it("a touch that hangs makes no storm of timers", async () => {
    const { world, server, a } = await open();
    await world.run(2 * MINUTE);
    await a.input();
    let fired = 0;
    const { fire } = a;
    a.fire = () => {
      fired += a.timers.filter(({ at }) => at <= world.steady).length;
      fire.call(a);
    };
    server.down = "network";
    await world.run(10 * SECOND, 10);
    expect(fired).toBeLessThan(20);
  });
});

describe("activity", () => {
  it("scrolling, which pages do by themselves, does not count", async () => {
    const { world, a } = await open();
    for (let i = 0; i < 10; i++) {
      await a.input("scroll");
      await world.run(MINUTE);
    }
    expect(a.status).toBe("idle");
  });

  it("a policy that was tightened makes no touches without a user", async () => {
    const { world, server, a } = await open();
    await world.run(SECOND);
    await a.input();
    await world.run(2 * MINUTE);
    server.idle = 4 * MINUTE;
    await a.client.refresh();
    server.log.length = 0;
    await world.run(5 * MINUTE);
    expect(server.log.filter((line) => line.startsWith("POST"))).toEqual([]);
    expect(a.status).toBe("idle");
  });

  it("what a client without listeners cannot know it does not claim", async () => {
    const { server, a } = await open();
    a.end();
    await settle();
    server.log.length = 0;
    await a.client.fetch("/x");
    expect(server.log).toEqual(["GET /x"]);
  });

  it("a pointer that moves all the time is looked at four times a second, and not less after a sleep", async () => {
    const { world, a } = await open();
    let reads = 0;
    const { items } = world;
    const get = items.get.bind(items);
    items.get = (key) => (reads++, get(key));
    for (let move = 0; move < 100; move++) {
      world.now += 10;
      world.steady += 10;
      await a.input();
    }
    const busy = reads;
    reads = 0;
    for (let move = 0; move < 4; move++) {
      world.now += 250;
      world.steady += 250;
      await a.input();
    }
    expect(busy).toBeLessThanOrEqual(reads * 1.25);
    world.sleep(20 * MINUTE);
    await a.input();
    expect(a.status).toBe("idle");
  });

  it.each(["signed out", "a guest", "asked in a warning"])("a pointer that moves is looked at as seldom, %s", async (who) => {
    const world = new World();
    if (who !== "signed out") world.server.signIn();
    let reads = 0;
    const environment = { storage: { getItem: (key: string) => (reads++, world.items.get(key) ?? null), setItem: (key: string, value: string) => void world.items.set(key, value), removeItem: (key: string) => void world.items.delete(key) } };
    if (who === "a guest") Object.assign(environment, { fetch: async () => Response.json({ state: "guest", id: "g", data: null, idleIn: 600, expiresIn: 3600, epoch: "g1" }) });
    const tab = await world.tab({ whileWarning: "ask", environment });
    if (who === "asked in a warning") await world.run(9 * MINUTE);
    expect(tab.status).toBe({ "signed out": "none", "a guest": "guest" }[who] ?? "warning");
    reads = 0;
    for (let i = 0; i < 100; i++) await tab.input();
    expect(reads).toBeLessThan(10);
  });

  it("[L07] who comes back to a tab whose session is over makes it ask once, not at each event", async () => {
    const { world, server, a } = await open();
    server.end("revoked");
    await a.client.refresh();
    expect(a.status).toBe("revoked");
    server.log.length = 0;
    for (const type of ["visibilitychange", "focus", "pageshow"]) await a.emit("document", type);
    expect(server.log).toEqual([]);
    await world.run(2 * MINUTE);
    for (const type of ["visibilitychange", "focus", "pageshow"]) {
      await a.emit("document", type);
      await world.run(SECOND);
    }
    expect(server.log).toEqual(["GET /session (nobody)"]);
  });
});

describe("listeners", () => {
  it("one that throws, leaves, joins or changes things disturbs no other", async () => {
    const { a } = await open();
    const errors: unknown[] = [];
    const caught = (error: unknown): void => void errors.push(error);
    process.on("uncaughtException", caught);
    const heard: string[] = [];
    a.client.listen(() => {
      throw new Error("listener");
    });
    let joined = 0;
    let leave = a.client.listen(function again() {
      leave();
      if (joined++ < 5) leave = a.client.listen(again);
    });
    const same = (): void => void heard.push("same");
    const first = a.client.listen(same);
    a.client.listen(same);
    first();
    a.client.listen((state) => void heard.push(state.status));
    await a.client.logout();
    await settle();
    process.off("uncaughtException", caught);
    expect(heard).toEqual(["same", "none"]);
    expect(joined).toBe(1);
    expect(errors).toHaveLength(1);
  });

  it("one that throws as soon as it subscribes is not left behind", async () => {
    const world = new World();
    world.server.signIn();
    const tab = await world.tab();
    tab.end();
    await settle();
    const broken = (): void => {
      throw new Error("broken");
    };
    expect(() => tab.client.subscribe(broken)).toThrow("broken");
    await settle();
    expect([tab.timers, tab.heard]).toEqual([[], []]);
  });

  it("on a server nothing starts", () => {
    let calls = 0;
    const client = createSessionClient({ environment: { fetch: async () => { calls++; return new Response(); } } });
    client.subscribe(() => undefined);
    expect(calls).toBe(0);
  });
});

describe("a credential that another tab's step-up replaced", () => {
  it("is no end of the session: view, touch and sign-out are sent once more with the new one", async () => {
    const { server, a } = await open();
    server.stragglers = 1;
    server.log.length = 0;
    expect((await a.client.refresh()).status).toBe("active");
    server.stragglers = 1;
    expect(await a.client.extend()).toBe(true);
    server.stragglers = 1;
    expect(await a.client.logout()).toBe("done");
    expect(server.log).toEqual(["GET /session (nobody)", "GET /session (nobody)", "POST /session/touch", "POST /session/touch", "POST /session/logout", "POST /session/logout"]);
    expect(a.seen).not.toContain("revoked");
    expect(a.seen).not.toContain("offline");
    expect(server.session).toBeUndefined();
  });

  it("twice in a row says nothing about the session: it is asked again, never called revoked", async () => {
    const { world, server, a } = await open();
    server.stragglers = 2;
    expect((await a.client.refresh()).status).toBe("offline");
    await world.run(MINUTE);
    expect(a.status).toBe("active");
    expect(a.seen).not.toContain("revoked");
  });
});

describe("what it is given", () => {
  it("is not believed what another origin says, to which a request was led", async () => {
    const world = new World();
    world.server.signIn("e1");
    const sent: (string | null)[] = [];
    const { fetch } = world.server;
    Object.assign(world.server, {
      async fetch(request: Request) {
        sent.push(request.headers.get("x-csrf-token"));
        const response = await fetch(request);
        if (!request.url.endsWith("/led")) return response;
        const strange = new Response("strange", { headers: { "session-deadlines": 'idle=86400, absolute=86400, epoch="e1"', "x-csrf-token": "theirs" } });
        return Object.defineProperty(strange, "type", { value: "cors" });
      },
    });
    const tab = await world.tab();
    await tab.client.fetch("/led");
    expect(tab.client.remaining()).toEqual({ idle: 10 * MINUTE, absolute: 60 * MINUTE });
    await tab.client.extend();
    expect(sent.at(-1)).toBe(null);
  });

  it("takes the browser's own fetch, which works for nobody but the window", async () => {
    const world = new World();
    world.server.signIn();
    async function fetch(this: unknown, ...args: Parameters<typeof globalThis.fetch>): Promise<Response> {
      if (this !== undefined && this !== globalThis) throw new TypeError("Illegal invocation");
      return world.server.fetch(...args);
    }
    const a = await world.tab({ environment: { fetch } });
    expect(a.status).toBe("active");
    expect((await a.client.fetch("/data")).status).toBe(200);
  });

  it("keeps nothing of a signal after the wait for which it was given", async () => {
    const { a } = await open();
    const { signal } = new AbortController();
    const listeners = { added: 0, removed: 0 };
    const { addEventListener, removeEventListener } = signal;
    Object.assign(signal, {
      addEventListener: (...args: Parameters<typeof addEventListener>) => (listeners.added++, addEventListener.apply(signal, args)),
      removeEventListener: (...args: Parameters<typeof removeEventListener>) => (listeners.removed++, removeEventListener.apply(signal, args)),
    });
    await a.client.refresh({ signal });
    await a.client.extend({ signal });
    await settle();
    expect(listeners).toEqual({ added: 2, removed: 2 });
  });
});
