import { expect } from "vitest";
import type { Browser, Tab } from "../src/driver/types.ts";
import type { ClientState, LogoutOutcome } from "@holdfast/session-browser";
import type { Server } from "../src/site/server.ts";
import type { Scripts } from "../src/site/bundle.ts";
import { createSite, IDLE, SECOND, type Seen, type Site } from "../src/site/site.ts";

/** One test's world: a site with a host name of its own, the tabs that are open at it, and the time of both. */
export interface World {
  readonly browser: Browser;
  readonly server: Server;
  readonly site: Site;
  readonly url: string;
  /** The same site at another origin, for a frame. */
  readonly elsewhere: string;
  /** A tab whose client has had its first answer. */
  open(path?: string): Promise<Tab>;
  /** A tab with a page that knows nothing of the client. */
  plain(): Promise<Tab>;
  /** A tab, signed in. */
  signIn(): Promise<Tab>;
  load(tab: Tab, path?: string): Promise<void>;
  /** To a page without the client, with nothing under way: Firefox keeps no page that still waits for an answer. */
  away(tab: Tab): Promise<void>;
  /** Time goes by for everybody: timers run, requests are answered. */
  pass(ms: number, options?: { readonly step?: number; readonly each?: () => Promise<unknown> }): Promise<void>;
  /** The machine sleeps: the wall clock jumps, in all tabs and on the server; nothing runs. */
  sleep(ms: number): Promise<void>;
  /** Only the browser's wall clock is set. */
  setClock(ms: number): Promise<void>;
  /** Takes the tab out of those that can be spoken to. */
  lost(tab: Tab): void;
  /** What happened, for the message of a failure. */
  tale(): Promise<string>;
  end(): Promise<void>;
}

let count = 0;

export function createWorld(browser: Browser, server: Server, scripts: Scripts): World {
  const site = createSite(scripts);
  const url = server.serve(`w${++count}-${browser.engine}`, site);
  const elsewhere = server.serve(`w${count}-${browser.engine}-elsewhere`, site);
  const tabs: Tab[] = [];
  const all: Tab[] = [];

  async function tell(how: "passed" | "jumped", wall: number, steady: number): Promise<void> {
    const { settings } = site;
    const to = { version: settings.version + 1, wall: settings.wall + wall, steady: settings.steady + steady };
    site.settings = to;
    const told = tabs.map((tab) =>
      tab.evaluate(
        async (how, to) => {
          const { holdfast } = globalThis as { holdfast?: typeof globalThis.holdfast };
          // A page without the client tells those that wait in its history.
          if (!holdfast) return localStorage.setItem("test:clock", JSON.stringify(to));
          holdfast.clock[how](to);
          if (how === "passed") await holdfast.quiet();
        },
        how,
        to,
      ),
    );
    await Promise.all(told);
  }

  async function load(tab: Tab, path = "/"): Promise<void> {
    await tab.goto(url + path);
    await ready(tab);
  }

  async function blank(): Promise<Tab> {
    const tab = await browser.newTab();
    all.push(tab);
    tabs.push(tab);
    return tab;
  }

  const world: World = {
    browser,
    server,
    site,
    url,
    elsewhere,
    load,
    async open(path) {
      const tab = await blank();
      await load(tab, path);
      return tab;
    },
    async away(tab) {
      await tab.evaluate(() => holdfast.quiet());
      await tab.goto(`${url}/plain`);
    },
    async plain() {
      const tab = await blank();
      await tab.goto(`${url}/plain`);
      return tab;
    },
    async signIn() {
      const tab = await world.open();
      await tab.evaluate(async () => void (await fetch("/sign-in", { method: "POST" })));
      await load(tab);
      await becomes(tab, "active");
      return tab;
    },
    async pass(ms, { step = 5 * SECOND, each } = {}) {
      for (let left = ms; left > 0; left -= step) {
        const now = Math.min(step, left);
        // What is under way takes milliseconds, not the seconds that go by now.
        await Promise.all(tabs.map((tab) => tab.evaluate(() => (globalThis as { holdfast?: typeof globalThis.holdfast }).holdfast?.quiet())));
        site.move(now);
        await tell("passed", now, now);
        await each?.();
      }
    },
    async sleep(ms) {
      site.move(ms);
      await tell("jumped", ms, 0);
    },
    setClock: (ms) => tell("jumped", ms, 0),
    lost(tab) {
      tabs.splice(tabs.indexOf(tab), 1);
    },
    async tale() {
      const told = tabs.map(async (tab, at) => {
        const facts = await tab
          .evaluate(() => {
            const { holdfast: { client, statuses, clock } = {} } = globalThis as { holdfast?: typeof globalThis.holdfast };
            const kept = Object.entries({ ...localStorage }).map(([key, value]) => `${key}=${String(value)}`);
            return [location.pathname, document.visibilityState, statuses, client?.get(), client?.remaining(), clock?.parts.now(), kept].map((fact) => JSON.stringify(fact)).join(" ");
          })
          .catch(String);
        return `tab ${at}: ${facts}`;
      });
      const asked = site.seen.map(({ method, path, activity, status }) => `${method} ${path}${activity === "none" ? " (none)" : ""} ${status}`);
      return [...(await Promise.all(told)), asked.join(", "), `server: ${site.events.join(" ")}`, ...(browser.diary?.(new URL(url).hostname) ?? [])].join("\n");
    },
    async end() {
      server.down = false;
      site.fault = () => undefined;
      site.release();
      for (const tab of all) await tab.close().catch(() => undefined);
    },
  };
  return world;
}

const ready = (tab: Tab): Promise<void> =>
  expect.poll(() => tab.evaluate(() => {
    const state = (globalThis as { holdfast?: typeof globalThis.holdfast }).holdfast?.client.get();
    return !!state && (state.status !== "none" || state.known);
  }), POLL).toBe(true);

/** The idle time counts from when the server hears of the last activity, at most a minute after it. */
export const END = IDLE + 80 * SECOND;

/** Nobody moves until the warning is there. */
export async function warned({ pass }: World, tab: Tab): Promise<void> {
  for (let passed = 0; passed < END && (await status(tab)) !== "warning"; passed += 5 * SECOND) await pass(5 * SECOND);
  expect(await status(tab)).toBe("warning");
}

/** A status that is no session. */
export const OVER = /^(none|idle|expired|revoked)/;

export const POLL = { timeout: 40_000, interval: 20 };

/** The status that the page shows, with its reason: `active`, `idle:idle`. */
export const status = (tab: Tab): Promise<string> => tab.evaluate(() => document.body.dataset["status"] ?? "");

export const becomes = (tab: Tab, wanted: string | RegExp): Promise<void> =>
  typeof wanted === "string" ? expect.poll(() => status(tab), POLL).toBe(wanted) : expect.poll(() => status(tab), POLL).toMatch(wanted);

/** Every status since the page began. */
export const history = (tab: Tab): Promise<readonly string[]> => tab.evaluate(() => holdfast.statuses);

/** What a person can read. */
export const text = (tab: Tab): Promise<string> => tab.evaluate(() => document.body.innerText);

export const state = async (tab: Tab): Promise<ClientState> => tab.evaluate(() => holdfast.client.get());

export const logout = (tab: Tab): Promise<LogoutOutcome> => tab.evaluate(() => holdfast.client.logout());

/** Asks the server how the session stands, past the client. */
export const onServer = (tab: Tab): Promise<{ readonly state: string; readonly ended?: string; readonly idleIn?: number }> =>
  tab.evaluate(async () => (await fetch("/session", { headers: { "session-activity": "none" } })).json() as Promise<{ state: string }>);

/** The moment of the last activity that the tabs share; 0 without one. */
export const lastActivity = (tab: Tab): Promise<number> =>
  tab.evaluate(() => (JSON.parse(localStorage.getItem("session:/session") ?? "{}") as { lastActivity?: number }).lastActivity ?? 0);

let place = 100;
/** Moves the mouse to where it has not been just now. */
export const nudge = (tab: Tab): Promise<void> => tab.move((place = place === 100 ? 120 : 100), 200);

export const requests = (site: Site, method: string, path: string): readonly Seen[] => site.seen.filter((seen) => seen.method === method && seen.path === path);
