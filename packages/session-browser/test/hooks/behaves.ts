import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { SessionView } from "@holdfast/session-protocol";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { SessionClient } from "../../src/index.ts";
import { endEpoch } from "../../src/lib/record.ts";
import { MINUTE, SECOND, settle, Tab, World } from "../tabs.ts";

/** What a test's page gets: it shows both hooks, and says what `useIdleLogout` made it draw. */
export interface PageProps {
  readonly client: SessionClient;
  readonly drawn: (what: string) => void;
}

export interface Framework {
  readonly name: "react" | "vue" | "svelte" | "solid";
  /** Draws the page, or takes over what the server drew. Returns what takes it away. */
  mount(place: HTMLElement, props: PageProps, hydrate: boolean): () => void;
  /** Does the work, then lets the framework draw. */
  act(work: () => unknown): Promise<void>;
}

/** The last half minute of a session, as the server rendered it. */
export const VIEW: SessionView = { state: "active", id: "d1", subject: "ada", data: null, idleIn: 25, idleFor: 1800, expiresIn: 28_800, authenticatedAgo: 5, epoch: "k3" };

export const renderedBy = (name: string): string => join(import.meta.dirname, "rendered", `${name}.html`);

export function newTab(world = new World()): { world: World; tab: Tab } {
  const tab = new Tab(world, {}, undefined, false);
  world.tabs.push(tab);
  return { world, tab };
}

/** What every binding does alike. */
export function behaves({ name, mount, act }: Framework): void {
  const places: (() => void)[] = [];
  afterEach(async () => {
    await act(() => {
      for (const leave of places.splice(0)) leave();
    });
    vi.restoreAllMocks();
  });

  async function shown({ world, tab } = newTab(), html?: string) {
    const place = document.body.appendChild(document.createElement("div"));
    const drawn: string[] = [];
    if (html !== undefined) place.innerHTML = html;
    const before = place.querySelector("main");
    let unmount = (): void => undefined;
    await act(() => void (unmount = mount(place, { client: tab.client, drawn: (what) => void drawn.push(what) }, html !== undefined)));
    const leave = (): void => {
      unmount();
      unmount = () => undefined;
      place.remove();
    };
    places.push(leave);
    return {
      world,
      tab,
      drawn,
      leave,
      kept: () => place.querySelector("main") === before,
      run: (ms: number, step?: number) => act(() => world.run(ms, step)),
      press: (label: string) =>
        act(async () => {
          Array.from(place.querySelectorAll("button")).find(({ textContent }) => textContent === label)?.click();
          await settle();
        }),
      look: () => {
        const of = (selector: string): string => place.querySelector(selector)?.textContent?.trim() ?? "";
        return [place.querySelector("main")?.className, of("h1"), of("p"), place.querySelector("[role=alertdialog]") ? "dialog" : ""].join(", ");
      },
    };
  }
  async function signedIn() {
    const found = newTab();
    found.world.server.signIn();
    const page = await shown(found);
    await act(settle);
    page.drawn.length = 0;
    return page;
  }

  describe(`the hooks of ${name}`, () => {
    it("shows the session, counts down, stays, and ends", async () => {
      const found = newTab();
      found.world.server.signIn();
      const page = await shown(found);
      await act(settle);
      expect(page.drawn).toEqual(["none", "active"]);
      expect(page.look()).toBe("active, ada, active, ");
      await page.run(8 * MINUTE);
      expect(page.look()).toBe("warning, ada, warning 120 idle, dialog");
      await page.run(3 * SECOND);
      expect(page.look()).toBe("warning, ada, warning 117 idle, dialog");
      await page.press("Stay");
      expect(page.look()).toBe("active, ada, active, ");
      await page.run(10 * MINUTE);
      expect(page.look()).toBe("idle, Welcome, idle, ");
    });

    it("signs out at a click", async () => {
      const page = await signedIn();
      await page.run(9 * MINUTE);
      await page.press("Leave");
      expect(page.look()).toBe("none, Welcome, none, ");
      expect(page.world.server.log).toContain("POST /session/logout");
    });

    it("draws a warning once for each second, and otherwise not at all", async () => {
      const page = await signedIn();
      for (let i = 0; i < 10; i++) {
        await act(() => page.tab.input());
        await page.run(30 * SECOND);
      }
      // A step-up is news of the session, not of its end.
      if (page.world.server.session) page.world.server.session.provedAt = page.world.now;
      await act(() => page.tab.client.refresh());
      expect(page.drawn).toEqual([]);
      await page.run((page.tab.client.remaining()?.idle ?? 0) - 2 * MINUTE);
      expect(page.drawn).toEqual(["warning 120 idle"]);
      await page.run(3 * SECOND, 100);
      expect(page.drawn).toEqual(["warning 120 idle", "warning 119 idle", "warning 118 idle", "warning 117 idle"]);
    });

    it("one that comes later begins with the state of that moment", async () => {
      const page = await signedIn();
      await page.run(9 * MINUTE);
      const later = await shown(page);
      expect(later.drawn[0]).toBe("warning 60 idle");
      expect(later.drawn.length).toBeLessThanOrEqual(1);
    });

    it("stops when it is taken away: no timer, no listener, nothing drawn", async () => {
      const page = await signedIn();
      await page.run(9 * MINUTE);
      expect(page.tab.timers).toHaveLength(1);
      await act(page.leave);
      await settle();
      page.drawn.length = 0;
      expect([page.tab.timers, page.tab.heard]).toEqual([[], []]);
      page.world.server.log.length = 0;
      await page.run(10 * MINUTE);
      await page.tab.input();
      expect([page.drawn, page.world.server.log]).toEqual([[], []]);
    });

    // Two roots of React are not drawn at one moment; how it does that within one has a test of its own.
    if (name !== "react") it("one that makes room for the next asks the server nothing", async () => {
      const page = await signedIn();
      page.world.server.log.length = 0;
      let next: (() => void) | undefined;
      await act(() => {
        page.leave();
        next = mount(document.createElement("div"), { client: page.tab.client, drawn: () => undefined }, false);
      });
      await act(settle);
      expect(page.world.server.log).toEqual([]);
      expect(page.tab.timers).toHaveLength(1);
      await act(() => next?.());
    });

    describe("over markup of the server", () => {
      const html = readFileSync(renderedBy(name), "utf8");
      const complaints = (): unknown[][] => {
        const error = vi.spyOn(console, "error").mockImplementation(() => undefined);
        const warn = vi.spyOn(console, "warn").mockImplementation(() => undefined);
        return new Proxy([], { get: (_, key) => Reflect.get([...error.mock.calls, ...warn.mock.calls], key) });
      };

      it("takes it over as it is, and needs no request", async () => {
        const said = complaints();
        const found = newTab();
        found.world.server.signIn("k3");
        found.tab.client.hydrate(VIEW);
        const page = await shown(found, html);
        await act(settle);
        expect(page.look()).toBe("warning, ada, warning 25 idle, dialog");
        expect(page.kept()).toBe(true);
        expect([...said]).toEqual([]);
        expect(page.world.server.log).toEqual([]);
        await page.run(SECOND);
        expect(page.look()).toBe("warning, ada, warning 24 idle, dialog");
        await page.press("Stay");
        expect(page.look()).toBe("active, ada, active, ");
      });

      it("then shows what is true, without a complaint: time went by, or another tab signed out", async () => {
        const said = complaints();
        const late = newTab();
        late.world.server.signIn("k3");
        late.tab.client.hydrate(VIEW);
        late.world.now += 4 * SECOND;
        late.world.steady += 4 * SECOND;
        const page = await shown(late, html);
        await act(settle);
        expect(page.look()).toBe("warning, ada, warning 21 idle, dialog");
        expect(page.kept()).toBe(true);

        const over = newTab();
        endEpoch(over.world.storageOf(over.tab), "session:/session", "k3", "logout");
        over.tab.client.hydrate(VIEW);
        const gone = await shown(over, html);
        await act(settle);
        expect(gone.look()).toBe("none, Welcome, none, ");
        expect([...said]).toEqual([]);
      });
    });
  });
}
