import type { SessionView } from "@holdfast/session-protocol";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { createSessionClient } from "../src/index.ts";
import { MINUTE, SECOND, settle, World } from "./tabs.ts";

const VIEW = { state: "active", id: "d1", subject: "ada", data: null, idleIn: 25, idleFor: 1800, expiresIn: 28_800, authenticatedAgo: 5, epoch: "k3" } as const;

describe("initial()", () => {
  it("is the state of the view, the same object whatever happens to the session", async () => {
    const world = new World();
    world.server.signIn("k3");
    const { client } = await world.tab({}, (client) => client.hydrate(VIEW));
    const first = client.initial();
    expect(first).toEqual({ status: "warning", view: VIEW, by: "idle", endsIn: 25 * SECOND, idleAt: world.now + 25 * SECOND, absoluteAt: world.now + 28_800 * SECOND, confirmed: true });
    await world.run(MINUTE);
    await client.logout();
    expect(client.get().status).not.toBe("warning");
    expect(client.initial()).toBe(first);
  });

  it.each<[string, SessionView | undefined, object]>([
    ["no view", undefined, { status: "none", known: false }],
    ["a visitor", { state: "none" }, { status: "none", known: true }],
    ["a session that ended", { state: "none", ended: "idle" }, { status: "idle", reason: "idle", confirmed: true }],
    ["a guest", { state: "guest", data: { cart: 1 } } as never, { status: "guest", view: { state: "guest", data: { cart: 1 } } }],
  ])("of %s it is what get() says on a server", (_, view, state) => {
    const client = createSessionClient();
    if (view) client.hydrate(view);
    expect(client.initial()).toEqual(state);
    expect(client.get()).toEqual(state);
  });
});

describe("the last listener", () => {
  it("that makes room for the next stops nothing; without a next the work is over a moment later", async () => {
    const world = new World();
    world.server.signIn();
    const tab = await world.tab();
    world.server.log.length = 0;
    tab.end();
    const next = tab.client.listen(() => undefined);
    await settle();
    expect([world.server.log, tab.timers.length, tab.heard.length]).toEqual([[], 1, 1]);
    next();
    await settle();
    expect([tab.timers, tab.heard]).toEqual([[], []]);
    tab.client.listen(() => undefined);
    await settle();
    expect(world.server.log).toEqual(["GET /session (nobody)"]);
  });
});

describe("hydrate()", () => {
  it("[D11] believes no page that the back button brought: its view may come from a cache, and be of any age", async () => {
    const entries = vi.spyOn(performance, "getEntriesByType").mockReturnValue([{ type: "back_forward" }] as never);
    onTestFinished(() => entries.mockRestore());
    const world = new World();
    world.server.end("logout");
    const states: string[] = [];
    const tab = await world.tab({}, (client) => {
      client.hydrate(VIEW);
      states.push(client.initial().status, client.get().status);
    });
    expect(states).toEqual(["warning", "none"]);
    expect(tab.seen).not.toContain("warning");
    expect(tab.state).toMatchObject({ status: "none", known: true });
    expect(world.server.log).toEqual(["GET /session (nobody)"]);
  });

  it("late in the life of a page asks the server: how old the view is nobody knows", async () => {
    const world = new World();
    world.server.signIn("k3");
    const tab = await world.tab();
    await tab.client.logout();
    await world.run(61 * MINUTE);
    world.server.signIn("k4");
    world.server.log.length = 0;
    const seen: string[] = [];
    tab.client.listen(({ status }) => void seen.push(status));
    tab.client.hydrate({ ...VIEW, epoch: "k4" });
    await settle();
    expect(seen).toEqual(["active"]);
    expect(world.server.log).toEqual(["GET /session (nobody)"]);
    const later = createSessionClient({ environment: tab.environment });
    world.items.clear();
    later.hydrate({ ...VIEW, epoch: "k4" });
    expect([later.get().status, later.initial().status]).toEqual(["none", "warning"]);
  });
});
