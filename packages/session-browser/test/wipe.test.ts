import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createSessionClient, type SessionClient } from "../src/index.ts";
import { wipeAtEnd } from "../src/wipe.ts";
import { MINUTE, SECOND, settle, type Tab, World } from "./tabs.ts";

/** As the browser's: what is in it are its own members. */
class Items {
  readonly [key: string]: unknown;
  getItem(key: string): string | null {
    return Object.hasOwn(this, key) ? (this[key] as string) : null;
  }
  setItem(key: string, value: string): void {
    Object.assign(this, { [key]: value });
  }
  removeItem(key: string): void {
    Reflect.deleteProperty(this, key);
  }
}

let databases: string[];
let cached: string[];
/** The outcome of a deletion. */
let says: "success" | "blocked";
let local: Items;
let session: Items;

beforeEach(() => {
  says = "success";
  databases = ["drafts"];
  cached = ["pages", "fonts"];
  local = new Items();
  session = new Items();
  local.setItem("draft", "mine");
  session.setItem("step", "2");
  vi.stubGlobal("document", {});
  vi.stubGlobal("localStorage", local);
  vi.stubGlobal("sessionStorage", session);
  vi.stubGlobal("caches", { keys: async () => [...cached], delete: async (name: string) => void (cached = cached.filter((other) => other !== name)) });
  vi.stubGlobal("indexedDB", {
    databases: async () => databases.map((name) => ({ name })),
    deleteDatabase(name: string) {
      const request = new EventTarget();
      queueMicrotask(() => {
        if (says === "success") databases = databases.filter((other) => other !== name);
        request.dispatchEvent(new Event(says));
      });
      return request;
    },
  });
});
afterEach(() => vi.unstubAllGlobals());

const kept = (): readonly string[] => [...databases, ...cached, ...Object.keys(local), ...Object.keys(session)].filter((name) => !name.startsWith("session:"));
const ALL = ["drafts", "pages", "fonts", "draft", "step"];

async function signedIn(options: Parameters<typeof wipeAtEnd>[1] = {}): Promise<{ world: World; a: Tab }> {
  const world = new World();
  world.server.signIn("e1");
  const a = await world.tab({}, (client) => wipeAtEnd(client, options));
  local.setItem("session:/session", "ours");
  return { world, a };
}

describe("what the application stored in the browser", () => {
  it("[D12] goes with a sign-out, without the server too, and what keeps the sign-out alive stays", async () => {
    const { world, a } = await signedIn();
    world.server.down = "network";
    expect(kept()).toEqual(ALL);
    expect(await a.client.logout()).toBe("pending");
    await settle();
    expect(kept()).toEqual([]);
    expect(local.getItem("session:/session")).toBe("ours");
  });

  it("[D12] goes at the idle end, without the server too", async () => {
    const { world, a } = await signedIn();
    world.server.down = "network";
    await world.run(9 * MINUTE);
    expect(kept()).toEqual(ALL);
    await world.run(2 * MINUTE);
    expect([a.status, kept()]).toEqual(["idle", []]);
  });

  it("stays while the end is not confirmed: the clock may have been set", async () => {
    const { world, a } = await signedIn();
    world.sleep(20 * MINUTE);
    world.server.session = { epoch: "e1", seenAt: world.now, startedAt: world.now, provedAt: world.now };
    await a.input();
    expect([a.status, a.seen.includes("idle"), kept()]).toEqual(["active", true, ALL]);
  });

  it("stays offline, and where nobody ever signed in", async () => {
    const { world, a } = await signedIn();
    world.server.down = 503;
    await a.client.refresh();
    expect([a.status, kept()]).toEqual(["offline", ALL]);
    const visitor = new World();
    local.removeItem("session:wipe:");
    session.removeItem("session:wipe:");
    await visitor.tab({}, (client) => wipeAtEnd(client));
    expect(kept()).toEqual(ALL);
  });

  it("[D12] goes with the next page if none was open at the end", async () => {
    const { world, a } = await signedIn();
    a.crash();
    await world.run(SECOND);
    world.server.end("idle");
    world.server.ended = undefined;
    world.items.clear();
    await world.tab({}, (client) => wipeAtEnd(client));
    expect(kept()).toEqual([]);
  });

  it("is wiped once: a tab that is late takes nothing of the next session", async () => {
    const { a } = await signedIn();
    await a.client.logout();
    await settle();
    local.setItem("draft", "of the next one");
    await a.client.refresh();
    await settle();
    expect(kept()).toEqual(["draft"]);
  });

  it("stays where it is asked to, and is tried again where another tab did not let go", async () => {
    const { world, a } = await signedIn({ keep: (kind, name) => kind === "cache" && name === "fonts" });
    says = "blocked";
    await a.client.logout();
    await settle();
    expect(kept()).toEqual(["drafts", "fonts"]);
    says = "success";
    await world.tab({}, (client) => wipeAtEnd(client, { keep: (_kind, name) => name === "fonts" }));
    expect(kept()).toEqual(["fonts"]);
  });

  it("goes also by a name that begins as ours do; what is ours stays", async () => {
    const { world, a } = await signedIn();
    databases.push("session:/drafts");
    cached.push("idle:pages");
    for (const key of ["session:profile", "sessions", "idle:cat"]) local.setItem(key, "private");
    const record = JSON.stringify({ epoch: "1", lastActivity: 1, idleAt: 1, absoluteAt: 1, idleFor: 1, at: 1, toldAt: 1 });
    const ours = ["session:wipe:other", "session:/session", "session:/session:over", "session:/session:logout", "session:/session:saves", "idle:kiosk"];
    for (const key of ours) local.setItem(key, record);
    world.server.down = "network";
    await a.client.logout();
    await settle();
    expect([databases, cached, Object.keys(local).toSorted()]).toEqual([[], [], ours.toSorted()]);
  });

  it("is not touched on a server", () => {
    vi.unstubAllGlobals();
    const client: SessionClient = createSessionClient();
    client.hydrate({ state: "active", id: "d1", subject: "ada", data: null, idleIn: 60, expiresIn: 60, authenticatedAgo: 0, epoch: "e" });
    wipeAtEnd(client)();
    expect(client.get().status).toBe("active");
  });
});
