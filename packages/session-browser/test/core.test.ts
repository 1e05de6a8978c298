import { describe, expect, it } from "vitest";
import { createSessionClient, type ClientEvent, type ClientState, type Environment } from "../src/index.ts";
import { MINUTE, problemAnswer, SECOND, settle, World, type Tab } from "./tabs.ts";

async function open(options: Parameters<World["tab"]>[0] = {}, tabs = 1) {
  const world = new World();
  world.server.signIn("e1");
  const opened: Tab[] = [];
  for (let i = 0; i < tabs; i++) opened.push(await world.tab(options));
  const [a, b] = opened;
  if (!a) throw new Error("no tab");
  world.server.log.length = 0;
  return { world, server: world.server, a, b: b ?? a };
}

describe("what get() answers", () => {
  it("is the same object until something changed", async () => {
    const { world, a } = await open();
    const first = a.client.get();
    await world.run(MINUTE);
    expect(a.client.get()).toBe(first);
    await a.client.refresh();
    expect(a.client.get()).not.toBe(first);
    const second = a.client.get();
    await world.run(6 * MINUTE);
    expect(a.status).toBe("active");
    expect(a.client.get()).toBe(second);
    await world.run(2 * MINUTE);
    const warning = a.client.get();
    expect(warning.status).toBe("warning");
    expect(a.client.get()).toBe(warning);
    await world.run(SECOND);
    expect(a.client.get()).not.toBe(warning);
  });

  it("tells listeners of no deadline that moved and of no view that only grew older; of a step-up it does", async () => {
    const { world, a } = await open();
    const told: ClientState[] = [];
    a.client.listen((state) => void told.push(state));
    await world.run(MINUTE);
    await a.client.refresh();
    await a.client.fetch("/data", { background: false });
    expect(told).toEqual([]);
    expect(a.client.get()).toMatchObject({ idleAt: world.now + 10 * MINUTE });
    expect(a.client.get()).toMatchObject({ view: { authenticatedAgo: 60 } });
    expect(a.client.remaining()).toEqual({ idle: 10 * MINUTE, absolute: 59 * MINUTE });
    if (world.server.session) world.server.session.provedAt = world.now;
    await a.client.refresh();
    expect(told).toHaveLength(1);
  });
});

describe("clocks", () => {
  it("[C12] a clock set back gives no time, not even until the server has answered", async () => {
    const { world, server, a } = await open();
    server.down = "network";
    world.now -= 60 * MINUTE;
    await world.run(10 * MINUTE + SECOND);
    expect(a.status).toBe("idle");
  });

  it("[L05] a clock set forward shows `idle` as not confirmed, and heals with the server's answer", async () => {
    const { world, a } = await open();
    const seen: ClientState[] = [];
    a.client.listen((state) => void seen.push(state));
    world.now += 30 * MINUTE;
    if (world.server.session) Object.assign(world.server.session, { seenAt: world.now, startedAt: world.now });
    await a.input();
    expect(seen[0]).toEqual({ status: "idle", reason: "idle", confirmed: false });
    expect(a.status).toBe("active");
  });

  it("[L05] and after a sleep the answer confirms it; without one it counts as over", async () => {
    const { world, server, a } = await open({}, 1);
    const seen: ClientState[] = [];
    a.client.listen((state) => void seen.push(state));
    server.down = "network";
    world.sleep(30 * MINUTE);
    await a.input();
    expect(seen.map((state) => ("confirmed" in state ? state.confirmed : state))).toEqual([false, true]);
    expect(a.status).toBe("idle");
    server.down = undefined;
    await a.client.refresh();
    expect(a.state).toEqual({ status: "idle", reason: "idle", confirmed: true });
  });

  it("[L05] a clock set back in one tab's sight and answered in another's makes nobody idle", async () => {
    const { world, a, b } = await open({}, 2);
    world.now -= 60 * MINUTE;
    if (world.server.session) Object.assign(world.server.session, { seenAt: world.now, startedAt: world.now, provedAt: world.now });
    await a.client.refresh();
    await b.input();
    expect([a.status, b.status]).toEqual(["active", "active"]);
    expect(b.seen).not.toContain("idle");
  });
});

describe("a page that is loaded late", () => {
  it("[L02] knows the whole idle time: it warns in time, and does not touch every few seconds", async () => {
    const world = new World();
    world.server.signIn("e1");
    await world.run(9 * MINUTE + 40 * SECOND);
    const tab = await world.tab();
    expect(tab.status).toBe("warning");
    await tab.client.extend();
    world.server.log.length = 0;
    for (let i = 0; i < 60; i++) {
      await world.run(SECOND);
      await tab.input();
    }
    expect(world.server.log.filter((line) => line.startsWith("POST")).length).toBeLessThanOrEqual(1);
  });
});

describe("asking", () => {
  it("[L07] waits as long as the server wishes (Retry-After, in seconds and as a date)", async () => {
    for (const after of [() => "90", (world: World) => new Date(world.now + 90 * SECOND).toUTCString()]) {
      const world = new World();
      world.server.signIn();
      const { fetch } = world.server;
      let busy = true;
      const tab = await world.tab({ environment: { fetch: async (...args) => (busy ? (world.server.log.push("busy"), new Response("", { status: 503, headers: { "retry-after": after(world) } })) : fetch(...args)) } });
      busy = false;
      await tab.emit("window", "online");
      await world.run(85 * SECOND);
      expect(world.server.log).toEqual(["busy"]);
      await world.run(10 * SECOND);
      expect(tab.status).toBe("active");
    }
  });

  it("[L07] a question that is refused like a write for want of a CSRF token is no reason for another", async () => {
    const { server, a } = await open();
    Object.assign(server, { fetch: async ({ method }: Request) => (server.log.push(method), server.log.length > 9 ? Response.error() : problemAnswer("csrf", 403)) });
    await a.client.refresh();
    await a.client.fetch("/data");
    expect(server.log).toEqual(["GET", "GET"]);
    await a.client.extend();
    expect(server.log).toEqual(["GET", "GET", "POST", "GET"]);
  });

  it("[L07] backs off with full jitter: browsers that failed together do not come back together", async () => {
    const times: number[][] = [];
    for (const luck of [0.05, 0.9]) {
      const { world, server, a } = await open({ environment: { random: () => luck } });
      server.down = 502;
      const start = world.now;
      const at: number[] = [];
      await a.client.refresh();
      for (let i = 0; i < 120; i++) {
        server.log.length = 0;
        await world.run(SECOND);
        if (server.log.length > 0) at.push(world.now - start);
      }
      times.push(at);
    }
    expect(times[0]?.length).toBeGreaterThan((times[1]?.length ?? 0) * 2);
    expect(times[1]?.length).toBeGreaterThan(0);
  });

  it("[H12] one who stops waiting ends nobody else's question", async () => {
    const { server, a } = await open();
    const controller = new AbortController();
    const [first, second] = [a.client.refresh({ signal: controller.signal }), a.client.refresh()];
    controller.abort(new Error("enough"));
    await expect(first).rejects.toThrow("enough");
    expect((await second).status).toBe("active");
    // Who had enough before asking asks nothing.
    await expect(a.client.extend({ signal: controller.signal })).rejects.toThrow("enough");
    await settle();
    expect(server.log).toEqual(["GET /session (nobody)"]);
  });

  it.each(["locks", "leases"])("[H12] five tabs that wake at once ask once (%s)", async (kind) => {
    const { world, server, a } = await open(kind === "locks" ? {} : { environment: { locks: undefined } }, 5);
    await world.run(2 * SECOND);
    for (const tab of world.tabs) tab.window.dispatchEvent(new Event("online"));
    await world.run(5 * SECOND);
    expect(server.log).toEqual(["GET /session (nobody)"]);
    expect(world.items.has("session:/session:lease")).toBe(false);
    expect(world.locks.held).toBe(0);
    expect(a.status).toBe("active");
  });

  it.each(["locks", "leases"])("[H12] activity in one of five tabs is told once (%s)", async (kind) => {
    const { world, server, a } = await open(kind === "locks" ? {} : { environment: { locks: undefined } }, 5);
    for (const tab of world.tabs.slice(1)) await tab.turn("hidden");
    for (let i = 0; i < 10; i++) {
      await world.run(15 * SECOND);
      await a.input();
    }
    await world.run(2 * MINUTE);
    expect(server.log.filter((line) => line === "POST /session/touch")).toHaveLength(3);
  });

  it.each(["locks", "leases"])("[H12] five windows in which something happens at once tell of it once (%s)", async (kind) => {
    const { world, server } = await open(kind === "locks" ? {} : { environment: { locks: undefined } }, 5);
    await world.run(2 * MINUTE);
    for (const tab of world.tabs) tab.window.dispatchEvent(Object.defineProperty(new Event("keydown"), "isTrusted", { value: true }));
    await world.run(5 * SECOND);
    expect(server.log).toEqual(["POST /session/touch"]);
  });

  it("the tab that somebody looks at goes first", async () => {
    const world = new World();
    world.server.signIn("e1");
    const told: string[] = [];
    const watched = (name: string) => ({ environment: { fetch: async (input: RequestInfo | URL, init?: RequestInit) => (told.push(`${name} ${(input as Request).method}`), world.server.fetch(input, init)) } });
    const hidden = await world.tab(watched("hidden"));
    await hidden.turn("hidden");
    const seen = await world.tab(watched("seen"));
    await world.run(30 * SECOND);
    await seen.input();
    told.length = 0;
    await world.run(2 * MINUTE);
    expect(told).toEqual(["seen POST"]);
  });

  it("[H12] a tab that hangs with the lock holds nobody up for longer than the lease", async () => {
    const { world, server, a } = await open({}, 1);
    void world.locks.request("session:/session", {}, () => new Promise(() => undefined));
    await settle();
    const asked = a.client.refresh();
    await world.run(11 * SECOND);
    expect((await asked).status).toBe("active");
    expect(server.log).toEqual(["GET /session (nobody)"]);
  });

  it.each(["locks", "leases"])("[H12] six tabs and a server that hangs: each goes ahead in time (%s)", async (kind) => {
    const { world, server } = await open(kind === "locks" ? {} : { environment: { locks: undefined } }, 6);
    Object.assign(server, { fetch: (input: Request) => new Promise((_, reject) => input.signal.addEventListener("abort", () => reject(input.signal.reason as Error))) });
    const from = world.now;
    const after: number[] = [];
    for (const tab of world.tabs) void tab.client.extend().then(() => after.push(world.now - from));
    await world.run(30 * SECOND, 100);
    expect(after).toHaveLength(6);
    expect(Math.max(...after)).toBeLessThanOrEqual(19 * SECOND);
  });

  it("[H12] a lease that a crashed tab left behind runs out, also with its clock in the future", async () => {
    const { world, server, a } = await open({ environment: { locks: undefined } });
    for (const until of [world.now + 9 * SECOND, world.now + 600 * MINUTE]) {
      server.log.length = 0;
      world.items.set("session:/session:lease", `${until} 0.1`);
      const asked = a.client.refresh();
      await world.run(10 * SECOND);
      await asked;
      expect(server.log).toEqual(["GET /session (nobody)"]);
    }
  });

  it("a question that hangs is given up, and says nothing about the session", async () => {
    const { world, server, a } = await open();
    const { fetch } = server;
    let hang = true;
    const late = await world.tab({ environment: { fetch: (input, init) => (hang ? new Promise((_, reject) => (input as Request).signal.addEventListener("abort", () => reject(new Error("aborted")))) : fetch(input, init)) } });
    await world.run(9 * SECOND);
    expect(late.state).toEqual({ status: "none", known: false });
    hang = false;
    await world.run(MINUTE);
    expect(late.status).toBe("active");
    expect(a.status).toBe("active");
  });
});

describe("signing out", () => {
  it.each([
    ["fresh_required", 403, "fresh_required"],
    ["unsupported", 501, "unsupported"],
    ["csrf", 403, "pending"],
    ["unavailable", 503, "pending"],
    ["bad_request", 400, "refused"],
  ] as const)("says what the server made of it: %s", async (name, status, outcome) => {
    const world = new World();
    world.server.signIn("e1");
    const tab = await world.tab({ environment: { fetch: async (input, init) => (new URL((input as Request).url).pathname.endsWith("logout") ? problemAnswer(name, status) : world.server.fetch(input, init)) } });
    expect(await tab.client.logout({ scope: "all" })).toBe(outcome);
    expect(tab.state).toEqual({ status: "none", known: true, reason: "logout" });
    expect(world.items.has("session:/session:logout")).toBe(outcome === "pending");
  });

  it("[D12] of scope `others` is sent again as well, and signs nobody out here", async () => {
    const { world, server, a } = await open();
    server.down = "network";
    expect(await a.client.logout({ scope: "others" })).toBe("pending");
    expect(["active", "offline"]).toContain(a.status);
    server.down = undefined;
    server.log.length = 0;
    await world.run(MINUTE);
    expect(server.log).toContain("POST /session/logout");
    expect(world.items.has("session:/session:logout")).toBe(false);
  });

  it("[D13] before anything is known: what was asked before it is not believed after it", async () => {
    const world = new World();
    world.server.signIn("e1");
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    const tab = await world.tab({ environment: { fetch: async (...args) => { const response = await world.server.fetch(...args); if ((args[0] as Request).method === "GET") await held; return response; } } });
    expect(await tab.client.logout()).toBe("done");
    release();
    await settle();
    expect(tab.state).toEqual({ status: "none", known: true, reason: "logout" });
    expect(world.items.has("session:/session")).toBe(false);
  });

  it("[D12] without any event the sign-out is tried again by itself", async () => {
    const { world, server, a } = await open();
    server.down = "network";
    await a.client.logout();
    server.down = undefined;
    await world.run(MINUTE);
    expect(server.session).toBeUndefined();
    expect(a.state).toEqual({ status: "none", known: true, reason: "logout" });
  });

  it("[D13] a page that empties the storage signs nobody out: the server is asked, and only its answer makes a record", async () => {
    const { world, server, a, b } = await open({}, 2);
    world.items.clear();
    await b.emit("window", "storage", { key: null });
    expect(server.log).toContain("GET /session (nobody)");
    expect([a.status, b.status]).toEqual(["active", "active"]);
    server.end("logout");
    world.items.clear();
    await b.emit("window", "storage", { key: null });
    expect(b.status).toBe("none");
    expect(world.items.has("session:/session")).toBe(false);
  });

  it("[D13] remembers more than the last session that ended", async () => {
    const { world, server, a } = await open();
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    const { fetch } = server;
    let slow = true;
    const late = world.tab({ environment: { fetch: async (...args) => { const wait = slow; const response = await fetch(...args); if (wait) await held; return response; } } });
    const tab = await late;
    slow = false;
    for (const epoch of ["e2", "e3"]) {
      await a.client.logout();
      server.signIn(epoch);
      await a.client.refresh();
    }
    release();
    await settle();
    expect((tab.state as { view?: { epoch: string } }).view?.epoch).not.toBe("e1");
    expect(JSON.parse(world.items.get("session:/session") ?? "{}")).toMatchObject({ epoch: "e3" });
  });

  it.each(["by the same page", "by the next one"])("[D12] from before anything was known is sent when the server is back, %s", async (by) => {
    const world = new World();
    world.server.signIn("e1");
    world.server.down = 503;
    const tab = await world.tab();
    expect(await tab.client.logout()).toBe("pending");
    world.server.down = undefined;
    if (by !== "by the same page") tab.crash();
    const last = by === "by the same page" ? tab : await world.tab();
    await world.run(2 * MINUTE);
    expect(world.server.session).toBeUndefined();
    expect(last.status).toBe("none");
    expect(world.items.has("session:/session:logout")).toBe(false);
  });

  it("[D12] everywhere, from before anything was known, is not narrowed by another of this session", async () => {
    const world = new World();
    world.server.signIn("e1");
    world.server.down = 503;
    const tab = await world.tab();
    await tab.client.logout({ scope: "all" });
    world.items.set("session:/session", JSON.stringify({ epoch: "e1", lastActivity: world.now, idleAt: world.now + MINUTE, absoluteAt: world.now + MINUTE, idleFor: MINUTE, at: world.now, toldAt: world.now }));
    await tab.client.logout();
    expect(world.items.get("session:/session:logout")).toBe(`all  ${world.now}`);
  });

  it("[D13] in a page where nothing listens is said to the other tabs, and waits for what they save", async () => {
    const { world, server, a, b } = await open({ leaveWithin: 2000 }, 2);
    b.client.beforeLogout(async () => void (await b.client.fetch("/draft", { method: "PUT", background: false })));
    a.end();
    await settle();
    const done = a.client.logout();
    await world.run(SECOND, 100);
    expect(await done).toBe("done");
    expect(server.log.indexOf("PUT /draft")).toBeLessThan(server.log.indexOf("POST /session/logout"));
    expect(server.log).toContain("PUT /draft");
    expect(world.hints).toEqual(expect.arrayContaining(["leaving", "over"]));
    expect([a.heard, b.status]).toEqual([[], "none"]);
  });

  it("[D13] reaches a tab whose storage takes nothing, by the channel and the server, also where its question overtakes the sign-out", async () => {
    const world = new World();
    world.server.signIn("e1");
    let arrive = (): void => undefined;
    const slow = async (...[input, init]: Parameters<typeof fetch>): Promise<Response> => {
      if ((input as Request).url.endsWith("/logout")) await new Promise<void>((resolve) => (arrive = resolve));
      return world.server.fetch(input, init);
    };
    const full = { getItem: () => null, setItem: () => { throw new DOMException("full", "QuotaExceededError"); }, removeItem: () => undefined };
    const [a, b] = [await world.tab({ environment: { storage: full, fetch: slow } }), await world.tab({ environment: { storage: full } })];
    const done = a.client.logout();
    await world.run(SECOND);
    arrive();
    expect(await done).toBe("done");
    await world.run(SECOND);
    expect([a.status, b.status]).toEqual(["none", "none"]);
  });

  it("[D13] the reason reaches other tabs: what the server revoked is not called a sign-out", async () => {
    const { server, a, b } = await open({}, 2);
    server.end("revoked");
    await a.client.refresh();
    await settle();
    expect([a.status, b.status]).toEqual(["revoked", "revoked"]);
  });

  it("[L08] channels say one of two words, the storage holds deadlines and reasons, and the token of the page is in neither", async () => {
    const world = new World();
    world.server.signIn("e1");
    const sent: (string | null)[] = [];
    const tab = await world.tab({
      environment: {
        fetch: async (input, init) => {
          const request = new Request(input, init);
          sent.push(request.headers.get("x-csrf-token"));
          const response = await world.server.fetch(request);
          response.headers.set("x-csrf-token", "t1");
          return response;
        },
      },
    });
    await tab.client.extend();
    await tab.client.logout();
    expect(sent).toEqual([null, "t1", "t1"]);
    expect(new Set(world.hints)).toEqual(new Set(["leaving", "over"]));
    expect(JSON.stringify([...world.items])).not.toContain("t1");
  });
});

describe("before the end", () => {
  it("participants of all tabs get time, a bounded one", async () => {
    const { world, server, a, b } = await open({ leaveWithin: 2000 }, 2);
    const saved: string[] = [];
    a.client.beforeLogout(async ({ reason }) => {
      await a.client.fetch("/draft", { method: "PUT" });
      saved.push(`a ${reason}`);
    });
    a.client.beforeLogout(async () => {
      throw new Error("no draft");
    });
    let aborted = false;
    a.client.beforeLogout(({ signal }) => new Promise(() => signal.addEventListener("abort", () => (aborted = true))));
    b.client.beforeLogout(({ reason }) => void saved.push(`b ${reason}`));
    const end = b.client.beforeLogout(() => void saved.push("taken back"));
    end();
    const done = a.client.logout();
    await settle();
    expect(saved.toSorted()).toEqual(["a logout", "b logout"]);
    expect(a.status).toBe("active");
    await world.run(2 * SECOND);
    expect(await done).toBe("done");
    expect(aborted).toBe(true);
    expect(server.log.indexOf("PUT /draft")).toBeLessThan(server.log.indexOf("POST /session/logout"));
  });

  it("a sign-out waits for what another tab saves, and no longer", async () => {
    const { world, server, a, b } = await open({ leaveWithin: 5000 }, 3);
    let saved = (): void => undefined;
    b.client.beforeLogout(async () => {
      await b.client.fetch("/draft", { method: "PUT" });
      await new Promise<void>((resolve) => (saved = resolve));
    });
    const done = a.client.logout();
    await world.run(SECOND);
    expect([a.status, b.status, server.log.includes("POST /session/logout")]).toEqual(["active", "active", false]);
    saved();
    expect(await done).toBe("done");
    expect([a.status, b.status, server.log.indexOf("PUT /draft") < server.log.indexOf("POST /session/logout")]).toEqual(["none", "none", true]);
    expect(world.hints).toEqual(["leaving", "saving", "saved", "over", "over"]);
  });

  it("a tab that crashes while it saves costs the bounded time, one that is gone a moment, and one that never saves nothing", async () => {
    const { world, server, a, b } = await open({ leaveWithin: 3000 }, 2);
    const end = b.client.beforeLogout(() => new Promise(() => undefined));
    const out = async (ms: number): Promise<void> => {
      server.signIn();
      await a.client.refresh();
      const done = a.client.logout();
      await world.run(ms - 100, 100);
      expect(a.status).toBe("active");
      await world.run(100);
      expect(await done).toBe("done");
    };
    const crashed = out(3000);
    await settle();
    b.crash();
    await crashed;
    end();
    await out(200);
    world.items.clear();
    server.signIn();
    await a.client.refresh();
    void a.client.logout();
    expect(a.status).toBe("none");
  });

  it("two clicks on sign-out ask each participant once, and cut no other tab's saving short", async () => {
    const { world, server, a, b } = await open({ leaveWithin: 5000 }, 2);
    const calls: string[] = [];
    a.client.beforeLogout(() => void calls.push("a"));
    b.client.beforeLogout(async () => {
      calls.push("b");
      await new Promise<void>((go) => b.environment.setTimer?.(go, calls.filter((call) => call === "b").length === 1 ? 1000 : 3000));
      calls.push("b saved");
    });
    const clicks = [a.client.logout()];
    await world.run(300, 100);
    clicks.push(a.client.logout());
    await world.run(600, 100);
    expect(server.log).toEqual([]);
    await world.run(SECOND, 100);
    expect(await Promise.all(clicks)).toEqual(["done", "done"]);
    expect(calls.toSorted()).toEqual(["a", "b", "b saved"]);
  });

  it("two tabs that sign out at the same moment ask each participant once, and wait for each other's", async () => {
    const world = new World();
    world.server.signIn("e1");
    const ears = new Set<(hint: unknown) => void>();
    // What one says reaches the other a moment later, as between processes.
    const channel: Environment["channel"] = (_name, heard) => {
      ears.add(heard);
      return { post: (hint) => queueMicrotask(() => [...ears].forEach((hear) => hear !== heard && hear(hint))), close: () => ears.delete(heard) };
    };
    const calls: string[] = [];
    const saving = async (name: string, ms: number): Promise<Tab> => {
      const tab = await world.tab({ leaveWithin: 5000, environment: { channel } });
      tab.client.beforeLogout(async () => {
        calls.push(name);
        await new Promise<void>((go) => tab.environment.setTimer?.(go, ms));
        calls.push(`${name} saved`);
      });
      return tab;
    };
    const [a, b] = [await saving("a", 0), await saving("b", 2000)];
    const clicks = [a.client.logout(), b.client.logout()];
    await world.run(1900, 100);
    expect([calls, world.server.log.includes("POST /session/logout")]).toEqual([["a", "b", "a saved"], false]);
    await world.run(200, 100);
    expect(await Promise.all(clicks)).toEqual(["done", "done"]);
    expect(calls).toEqual(["a", "b", "a saved", "b saved"]);
  });

  it("[L04] and some seconds before a limit, once", async () => {
    const { world, a } = await open({ leaveWithin: 5000 });
    const calls: string[] = [];
    a.client.beforeLogout(({ reason }) => void calls.push(`${reason} ${a.client.remaining()?.idle}`));
    await world.run(10 * MINUTE + SECOND);
    expect(calls).toEqual(["idle 5000"]);
  });

  it("a time that is too long, a hold without end and a warning that is too short are refused", () => {
    expect(() => createSessionClient({ leaveWithin: 60_000 })).toThrow(RangeError);
    expect(() => createSessionClient({ warnBefore: 5000 })).toThrow(RangeError);
    for (const max of [0, -1, Number.NaN]) expect(() => createSessionClient().hold("film", { max })).toThrow(RangeError);
  });
});

describe("activity", () => {
  it("a hold counts until it is released, until its time is over, and never past the absolute limit", async () => {
    const { world, a } = await open();
    const held: ClientEvent[] = [];
    a.client.on("held", (event) => void held.push(event));
    const release = a.client.hold("upload", { max: 24 * 60 * MINUTE });
    await world.run(30 * MINUTE);
    expect(a.status).toBe("active");
    release();
    release();
    await world.run(11 * MINUTE);
    expect(a.status).toBe("idle");
    expect(held).toMatchObject([{ reason: "upload", until: expect.any(Number) as number }, { reason: "upload", until: undefined }]);
    const short = await open();
    short.a.client.hold("film", { max: 15 * MINUTE });
    await short.world.run(24 * MINUTE);
    expect(short.a.status).toBe("warning");
    await short.world.run(2 * MINUTE);
    expect(short.a.status).toBe("idle");
    const long = await open();
    long.a.client.hold("call", { max: 24 * 60 * MINUTE });
    await long.world.run(60 * MINUTE);
    expect(long.a.status).toBe("expired");
  });

  it.each<[string, string, (tab: Tab, world: World) => Promise<unknown>]>([
    ["a sign-out", "none", (tab) => tab.client.logout()],
    ["the absolute limit", "expired", (_, world) => world.run(61 * MINUTE)],
    ["a revocation", "revoked", (tab, { server }) => (server.end("revoked"), tab.client.refresh())],
    ["an end that emptied the storage", "revoked", (tab, world) => (world.server.end("revoked"), world.items.clear(), tab.emit("window", "storage", { key: null }))],
    ["another's sign-in", "active", (tab, { server }) => (server.signIn("e2"), tab.client.refresh())],
  ])("[L03] a hold ends with its session by %s, says so, and does not keep the next one", async (_, status, end) => {
    const { world, server, a } = await open();
    const held: ClientEvent[] = [];
    a.client.on("held", (event) => void held.push(event));
    a.client.hold("film", { max: 24 * 60 * MINUTE });
    await world.run(MINUTE);
    await end(a, world);
    expect(a.status).toBe(status);
    expect(held).toMatchObject([{ reason: "film" }, { reason: "film", until: undefined }]);
    server.signIn("e3");
    await a.client.refresh();
    await world.run(11 * MINUTE);
    expect(a.status).toBe("idle");
  });

  it("a hold that begins with a click counts from then on, not from the next look at the clocks", async () => {
    const { world, a } = await open();
    await a.input("pointerdown");
    const begun = world.now;
    a.client.hold("film", { max: 40 * SECOND });
    await world.run(45 * SECOND);
    const { lastActivity } = JSON.parse(world.items.get("session:/session") ?? "{}") as { lastActivity: number };
    expect(lastActivity - begun).toBeGreaterThanOrEqual(30 * SECOND);
  });

  it("a hold from before the first answer counts from then on", async () => {
    const world = new World();
    world.server.signIn("e1");
    const tab = await world.tab({}, (client) => client.hold("film", { max: 60 * MINUTE }));
    await world.run(30 * MINUTE);
    expect(tab.status).toBe("active");
  });

  it.each(["extend", "ask"] as const)("a hold counts in the warning too, into which a sleep led (%s)", async (whileWarning) => {
    const { world, a } = await open({ whileWarning });
    a.client.hold("call", { max: 3 * 60 * MINUTE });
    await world.run(SECOND);
    world.sleep(9 * MINUTE);
    await a.emit("window", "focus");
    await world.run(5 * MINUTE);
    expect(a.status).toBe("active");
  });

  it("the focus that goes into a frame counts, the focus that leaves the window does not", async () => {
    for (const [element, status] of [[{ tagName: "IFRAME" }, "active"], [{ tagName: "BODY" }, "idle"]] as const) {
      const { world, a } = await open();
      a.document.activeElement = element;
      for (let i = 0; i < 12; i++) {
        await world.run(MINUTE);
        await a.input("blur");
      }
      expect(a.status).toBe(status);
    }
  });

  it("[L08] a frame's pulse counts from the origins that were named, and in its one form", async () => {
    for (const [origin, data, status] of [
      ["https://frame.test", "holdfast:activity", "active"],
      ["https://evil.test", "holdfast:activity", "idle"],
      ["https://frame.test", { activity: true }, "idle"],
    ] as const) {
      const { world, a } = await open({ frames: ["https://frame.test"] });
      for (let i = 0; i < 12; i++) {
        await world.run(MINUTE);
        await a.emit("window", "message", { origin, data });
      }
      expect(a.status).toBe(status);
    }
  });

  it("to hide a tab and to come back is none", async () => {
    const { world, a } = await open();
    for (let i = 0; i < 12; i++) {
      await world.run(MINUTE);
      await a.turn(i % 2 === 0 ? "hidden" : "visible");
      await a.emit("window", "focus");
    }
    expect(a.status).toBe("idle");
  });

  it("[L06] the last of it reaches the record when the page is hidden", async () => {
    const { world, a } = await open();
    await world.run(MINUTE);
    await a.input();
    await world.run(5 * SECOND);
    await a.input();
    const at = world.now;
    await a.turn("hidden");
    expect(JSON.parse(world.items.get("session:/session") ?? "{}")).toMatchObject({ lastActivity: at });
  });
});

describe("lifecycle", () => {
  it("[D11] a page from the back-forward cache is not called active before it was checked", async () => {
    const { server, a } = await open();
    const { fetch } = server;
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    Object.assign(server, { fetch: async (...args: Parameters<typeof fetch>) => (await held, fetch(...args)) });
    const restored: Promise<ClientState>[] = [];
    const tab = await a.world.tab();
    void tab;
    a.client.on("restored", ({ checked }) => void restored.push(checked));
    for (const [type, more] of [["pageshow", { persisted: true }], ["resume", {}]] as const) {
      await a.emit("window", type, more);
      expect(a.state).toMatchObject({ status: "offline", confirmed: false });
    }
    release();
    await settle();
    expect(a.state).toMatchObject({ status: "active", confirmed: true });
    expect((await restored[0])?.status).toBe("active");
    await a.emit("window", "pageshow", { persisted: false });
    expect(restored).toHaveLength(2);
  });

  it("[D11] after a sign-out in another tab it is over at once, without the network", async () => {
    const { server, a, b } = await open({}, 2);
    a.frozen = true;
    server.down = "network";
    await b.client.logout();
    a.frozen = false;
    await a.emit("window", "pageshow", { persisted: true });
    expect(a.state).toEqual({ status: "none", known: true, reason: "logout" });
    expect(a.seen).not.toContain("offline");
  });

  it("a change of the hint cookie, in whatever tab or subdomain, asks the server; another cookie's does not", async () => {
    const cookies = new EventTarget();
    const { server, a } = await open({ hintCookie: "hint", environment: { cookies } });
    cookies.dispatchEvent(Object.assign(new Event("change"), { changed: [{ name: "theme" }], deleted: [] }));
    await settle();
    expect(server.log).toEqual([]);
    server.end("revoked");
    cookies.dispatchEvent(Object.assign(new Event("change"), { changed: [], deleted: [{ name: "hint" }] }));
    await settle();
    expect(a.status).toBe("revoked");
    a.end();
    await settle();
    server.log.length = 0;
    cookies.dispatchEvent(Object.assign(new Event("change"), { changed: [{ name: "hint" }] }));
    expect(server.log).toEqual([]);
  });

  it("is hydrated by the view that the server rendered: no request, and no more time than there was at the navigation", async () => {
    const world = new World();
    world.server.signIn("e1");
    world.steady = 3 * SECOND;
    const view = { state: "active", id: "i", subject: "ada", data: null, authenticatedAgo: 0, idleIn: 600, expiresIn: 3600, epoch: "e1" } as const;
    const tab = await world.tab({}, (client) => client.hydrate(view));
    expect(tab.seen).toEqual(["active"]);
    expect(tab.client.remaining()).toEqual({ idle: 10 * MINUTE - 3 * SECOND, absolute: 60 * MINUTE - 3 * SECOND });
    expect(world.server.log).toEqual([]);
    await tab.client.logout();
    const next = await world.tab({}, (client) => client.hydrate(view));
    expect(next.status).toBe("none");
    const onServer = createSessionClient();
    onServer.hydrate(view);
    expect(onServer.get()).toMatchObject({ status: "active", view });
  });

  it("dispose() ends all listening, twice as well, and a listener starts it again", async () => {
    const { world, a } = await open();
    a.client.dispose();
    a.client.dispose();
    expect([a.timers, a.heard]).toEqual([[], []]);
    await a.input();
    await world.run(MINUTE);
    expect(world.server.log).toEqual([]);
    const seen: string[] = [];
    a.client.subscribe(({ status }) => void seen.push(status));
    await settle();
    expect(world.server.log).toEqual(["GET /session (nobody)"]);
    await world.run(11 * MINUTE);
    expect(seen.at(-1)).toBe("idle");
  });

  it("events tell of status and questions, and stop when they are asked to", async () => {
    const { server, a } = await open();
    const events: string[] = [];
    const end = a.client.on("status", ({ before, state }) => void events.push(`${before.status} > ${state.status}`));
    a.client.on("asked", ({ question, outcome }) => void events.push(`${question} ${outcome}`));
    server.down = "network";
    await a.client.refresh();
    end();
    server.down = undefined;
    await a.client.refresh();
    expect(events).toEqual(["view unreachable", "active > offline", "view answered"]);
  });
});

describe("requests", () => {
  it("[C07] resolves against the base of the document, and its own questions against the page", async () => {
    const urls: string[] = [];
    const world = new World();
    world.server.signIn();
    const tab = await world.tab({ environment: { fetch: async (input, init) => (urls.push((input as Request).url), world.server.fetch(input, init)) } });
    tab.document.baseURI = "https://app.test/deep/down/";
    await tab.client.fetch("data");
    await tab.client.refresh();
    expect(urls).toEqual(["https://app.test/session", "https://app.test/deep/down/data", "https://app.test/session"]);
  });
});
