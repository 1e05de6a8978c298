import { describe, expect, it } from "vitest";
import { createIdleTimer, type IdleOptions, type IdleTimer } from "../src/idle.ts";
import { MINUTE, SECOND, settle, Tab, World } from "./tabs.ts";

/** The tabs of the client's tests, with an idle timer instead of its client. */
function open(world: World, options: Partial<IdleOptions> = {}): { tab: Tab; timer: IdleTimer; seen: string[] } {
  const tab = new Tab(world, {}, () => undefined, false);
  world.tabs.push(tab);
  const timer = createIdleTimer({ idle: 10 * MINUTE, ...options, environment: { ...tab.environment, ...options.environment } });
  const seen: string[] = [];
  timer.subscribe(({ status }) => void seen.push(status));
  return { tab, timer, seen };
}

describe("an idle timer", () => {
  it("[L05] counts from start(), warns, and ends; start() begins anew", async () => {
    const world = new World();
    const { timer, seen } = open(world);
    expect(timer.get()).toEqual({ status: "none" });
    expect(timer.extend()).toBe(false);
    timer.start();
    await world.run(8 * MINUTE);
    expect(timer.get()).toMatchObject({ status: "warning", by: "idle", endsIn: 2 * MINUTE });
    expect(timer.extend()).toBe(true);
    expect(timer.get().status).toBe("active");
    await world.run(10 * MINUTE);
    expect(timer.get()).toEqual({ status: "idle" });
    expect(timer.extend()).toBe(false);
    timer.start();
    expect(timer.get()).toMatchObject({ status: "active", endsIn: 10 * MINUTE });
    expect(seen.filter((status, i) => status !== seen[i - 1])).toEqual(["none", "active", "warning", "active", "warning", "idle", "active"]);
  });

  it("[L06] E1: activity in one tab is activity in all, also in one that was opened later", async () => {
    const world = new World();
    const a = open(world);
    a.timer.start();
    const b = open(world);
    for (let i = 0; i < 30; i++) {
      await world.run(MINUTE);
      await a.tab.input();
      expect(b.timer.get().status).toBe("active");
    }
    expect(b.seen).not.toContain("warning");
  });

  it("[L05] E2, E3: neither a crashed tab nor a sleep makes it miss its end", async () => {
    const world = new World();
    const [a, b] = [open(world), open(world)];
    a.timer.start();
    await b.tab.input();
    b.tab.crash();
    await world.run(11 * MINUTE);
    expect(a.timer.get().status).toBe("idle");
    a.timer.start();
    world.sleep(8 * 60 * MINUTE);
    await a.tab.input();
    expect(a.timer.get().status).toBe("idle");
  });

  it("E4, E5: pages that leave and come back go on counting", async () => {
    const world = new World();
    const { tab, timer } = open(world);
    timer.start();
    for (const type of ["beforeunload", "pagehide", "freeze"]) await tab.emit("window", type);
    await tab.emit("window", "pageshow", { persisted: true });
    await world.run(10 * MINUTE);
    expect(timer.get().status).toBe("idle");
  });

  it("survives a reload, alive or over; end() ends it in all tabs", async () => {
    const world = new World();
    const a = open(world);
    a.timer.start();
    await world.run(5 * MINUTE);
    a.timer.dispose();
    const b = open(world);
    expect(b.timer.get()).toMatchObject({ status: "active", endsIn: 5 * MINUTE });
    await world.run(5 * MINUTE);
    const c = open(world);
    expect(c.timer.get().status).toBe("idle");
    c.timer.start();
    expect(b.timer.get().status).toBe("active");
    b.timer.end();
    await settle();
    expect([b.timer.get(), c.timer.get()]).toEqual([{ status: "none" }, { status: "none" }]);
    await c.tab.input();
    expect(world.items.size).toBe(0);
    // A message also evicts pages from the back-forward cache.
    expect(world.hints).toEqual(["over"]);
  });

  it("the absolute limit ends it whatever happens; timers of other names are others", async () => {
    const world = new World();
    const { tab, timer } = open(world, { absolute: 20 * MINUTE });
    const other = open(world, { name: "kiosk" });
    timer.start();
    for (let i = 0; i < 19; i++) {
      await tab.input();
      await world.run(MINUTE);
    }
    expect(timer.get()).toMatchObject({ status: "warning", by: "absolute" });
    await world.run(MINUTE);
    expect(timer.get()).toEqual({ status: "expired" });
    expect(other.timer.get()).toEqual({ status: "none" });
  });

  it("with whileWarning: ask only extend() ends the warning; scripts cannot pretend", async () => {
    const world = new World();
    const { tab, timer } = open(world, { whileWarning: "ask" });
    timer.start();
    await world.run(5 * MINUTE);
    await tab.input("pointermove", false);
    await world.run(4 * MINUTE);
    await tab.input();
    expect(timer.get()).toMatchObject({ status: "warning", endsIn: MINUTE });
    expect(timer.extend()).toBe(true);
  });

  it.each([{ idle: 10 * MINUTE, absolute: Number.POSITIVE_INFINITY }, { idle: Number.POSITIVE_INFINITY, absolute: 10 * MINUTE }])("[L05] a limit that is infinite is none, and the other counts: %o", async (limits) => {
    const world = new World();
    const { timer } = open(world, limits);
    timer.start();
    expect(timer.get().status).toBe("active");
    await world.run(10 * MINUTE);
    expect(timer.get().status).toBe(limits.idle === 10 * MINUTE ? "idle" : "expired");
  });

  it("options that make no sense are refused, and on a server nothing starts", () => {
    expect(() => createIdleTimer({ idle: 0 })).toThrow(RangeError);
    expect(() => createIdleTimer({ idle: MINUTE, absolute: -1 })).toThrow(RangeError);
    expect(() => createIdleTimer({ idle: MINUTE, warnBefore: SECOND })).toThrow(RangeError);
    const timer = createIdleTimer({ idle: MINUTE });
    timer.subscribe(() => undefined);
    expect(timer.get()).toEqual({ status: "none" });
  });
});
