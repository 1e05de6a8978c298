import { expect } from "vitest";
import { CAPABILITIES, type Power } from "../src/driver/capabilities.ts";
import type { Tab } from "../src/driver/types.ts";
import { IDLE, SECOND, SECRET } from "../src/site/site.ts";
import type { Run } from "./run.ts";
import { becomes, END, history, lastActivity, logout, nudge, onServer, OVER, POLL, requests, status, text, warned, type World } from "./world.ts";

const HOUR = 3600 * SECOND;

/** Takes the network away, by the browser where it can, and in any case at the server; returns what gives it back. */
async function cut({ browser, server }: World, tab: Tab): Promise<() => Promise<void>> {
  server.down = true;
  if (CAPABILITIES[browser.engine].offline) await tab.offline(true);
  return async () => {
    server.down = false;
    if (CAPABILITIES[browser.engine].offline) await tab.offline(false);
  };
}

/** What an application keeps in the browser. */
const keep = (tab: Tab): Promise<void> =>
  tab.evaluate(async () => {
    localStorage.setItem("draft", "mine");
    await (await caches.open("pages")).put("/kept", new Response("mine"));
    await new Promise((resolve, reject) => {
      const opening = indexedDB.open("drafts", 1);
      opening.addEventListener("upgradeneeded", () => opening.result.createObjectStore("all").put("mine", 1));
      opening.addEventListener("error", reject);
      opening.addEventListener("success", () => {
        opening.result.close();
        resolve(undefined);
      });
    });
  });

const kept = (tab: Tab): Promise<readonly string[]> =>
  tab.evaluate(async () => {
    const databases = (await indexedDB.databases()).map(({ name }) => `database ${name}`);
    const cached = (await caches.keys()).map((name) => `cache ${name}`);
    return [...databases, ...cached, ...(localStorage.getItem("draft") === null ? [] : ["localStorage draft"])];
  });

/** A session that ended while nothing in the page ran and no server can be asked: whatever wakes the page has to show it. */
const afterSleep = (by: string, needs: readonly Power[], wake: (world: World, tab: Tab) => Promise<void>): Run => ({
  id: "L05",
  title: `after a sleep without timers and network, ${by} shows that it is over`,
  proves: ["L05"],
  needs,
  async play(world) {
    const tab = await world.signIn();
    const known = (await history(tab)).length;
    await wake(world, tab);
    await becomes(tab, "idle:idle");
    expect((await history(tab)).slice(known).filter((entry) => !OVER.test(entry) && entry !== "offline")).toEqual([]);
    expect(await text(tab)).not.toContain(SECRET);
  },
});

/** Rows of docs/standards.md that need a real browser. */
export const STANDARDS: readonly Run[] = [
  {
    id: "D11",
    title: "the back button after a sign-out shows nothing of the account",
    proves: ["D11"],
    async play({ browser, signIn, load, pass }, note) {
      const tab = await signIn();
      expect(await text(tab)).toContain(SECRET);
      // What is under way would keep the page out of Firefox' cache.
      await tab.evaluate(() => holdfast.quiet());
      await load(tab, "/?second");
      expect(await logout(tab)).toBe("done");
      // The word of it takes its time to a page that nobody looks at.
      await pass(2 * SECOND, { step: SECOND });
      await tab.back();
      await becomes(tab, /^none/);
      const [restored, shown] = await tab.evaluate(() => [holdfast.restored(), holdfast.shown.join("\n")] as const);
      note(restored ? "restored, nothing to be seen" : "loaded anew");
      expect(restored > 0).toBe(!CAPABILITIES[browser.engine].evicts);
      expect(shown).not.toContain(SECRET);
      expect(await text(tab)).not.toContain(SECRET);
    },
  },
  {
    id: "D11",
    title: "a view that was rendered into a page says nothing any more when the back button brings the page from a cache",
    proves: ["D11"],
    async play({ site, signIn, load, away, sleep }, note) {
      site.hydrate = true;
      const tab = await signIn();
      // This one sets no cookie, so nothing forbids to keep it.
      await load(tab, "/?again");
      await away(tab);
      await sleep(HOUR);
      const loads = requests(site, "GET", "/").length;
      await tab.back();
      await becomes(tab, OVER);
      const restored = await tab.evaluate(() => holdfast.restored());
      const cached = requests(site, "GET", "/").length === loads;
      note(restored ? "restored" : cached ? "from the HTTP cache" : "loaded anew");
      if (!restored) expect(await history(tab)).not.toContain("active");
      expect(await text(tab)).not.toContain(SECRET);
    },
  },
  {
    id: "D12",
    title: "a sign-out without network holds here at once, and the server hears of it later and has everything wiped",
    proves: ["D12"],
    async play(world, note) {
      const { browser, site, signIn, pass } = world;
      const tab = await signIn();
      await keep(tab);
      const restore = await cut(world, tab);
      expect(await logout(tab)).toBe("pending");
      expect(await status(tab)).toBe("none:logout");
      expect(await text(tab)).not.toContain(SECRET);
      expect(await tab.evaluate(() => localStorage.getItem("session:/session"))).toBe(null);
      await restore();
      if (!CAPABILITIES[browser.engine].offline) await pass(90 * SECOND);
      note(CAPABILITIES[browser.engine].offline ? "by the online event" : "by the next poll");
      await expect.poll(() => requests(site, "POST", "/session/logout").map((seen) => seen.status), POLL).toContain(204);
      expect(await status(tab)).toBe("none:logout");
      expect(await onServer(tab)).toMatchObject({ state: "none" });
      await expect.poll(async () => (await tab.cookies()).filter(({ httpOnly }) => httpOnly).length, POLL).toBe(0);
      await expect.poll(() => kept(tab), POLL).toEqual([]);
    },
  },
  {
    id: "D12",
    title: "databases and caches are wiped without the server too, by hand and at the idle end",
    proves: ["D12"],
    async play(world) {
      const { site, signIn, open, pass } = world;
      site.wipe = true;
      const tab = await signIn();
      const other = await open();
      await keep(tab);
      const restore = await cut(world, tab);
      await logout(tab);
      await expect.poll(() => kept(other), POLL).toEqual([]);
      // The sign-out is not forgotten with the rest.
      await restore();
      await pass(90 * SECOND, { step: 15 * SECOND });
      await expect.poll(() => requests(site, "POST", "/session/logout").map((seen) => seen.status), POLL).toContain(204);

      const idle = await signIn();
      await keep(idle);
      await cut(world, idle);
      expect(await kept(idle)).toHaveLength(3);
      await pass(END, { step: 20 * SECOND });
      await becomes(idle, "idle:idle");
      await expect.poll(() => kept(idle), POLL).toEqual([]);
    },
  },
  {
    id: "D12",
    title: "when the page is closed meanwhile, the next one tells the server",
    proves: ["D12"],
    async play(world) {
      const { site, signIn, open } = world;
      const tab = await signIn();
      const other = await open();
      const restore = await cut(world, tab);
      expect(await logout(tab)).toBe("pending");
      await restore();
      world.lost(tab);
      await tab.close();
      await world.load(other);
      await becomes(other, /^none/);
      await expect.poll(() => requests(site, "POST", "/session/logout").map((seen) => seen.status), POLL).toContain(204);
      expect(await onServer(other)).toMatchObject({ state: "none" });
    },
  },
  {
    id: "D13",
    title: "a sign-out reaches all tabs, also without network",
    proves: ["D13"],
    async play(world) {
      const { server, signIn, open } = world;
      const first = await signIn();
      const others = [await open(), await open()];
      server.down = true;
      expect(await logout(first)).toBe("pending");
      for (const tab of [first, ...others]) {
        await becomes(tab, "none:logout");
        expect(await text(tab)).not.toContain(SECRET);
      }
    },
  },
  {
    id: "L01",
    title: "nothing that a script can read holds a credential",
    proves: ["L01"],
    async play({ site, signIn, open, pass }) {
      const tab = await signIn();
      const other = await open();
      await pass(90 * SECOND, { step: 10 * SECOND, each: () => nudge(tab) });
      await tab.evaluate(async () => void (await holdfast.client.extend()));
      expect(site.events).toContain("session_renewed");
      const credentials = (await tab.cookies()).filter(({ httpOnly }) => httpOnly).map(({ value }) => value);
      expect(credentials.map((value) => value.length > 40)).toEqual([true]);
      for (const each of [tab, other]) {
        const readable = await each.evaluate(async () => {
          const done = <T>(asked: IDBRequest<T>): Promise<T> =>
            new Promise((resolve, reject) => {
              asked.addEventListener("success", () => resolve(asked.result));
              asked.addEventListener("error", () => reject(asked.error ?? new Error("not readable")));
            });
          const dump = async (name: string): Promise<unknown[]> => {
            const db = await done(indexedDB.open(name));
            return Promise.all([...db.objectStoreNames].map((store) => done(db.transaction(store).objectStore(store).getAll())));
          };
          const indexed = await Promise.all((await indexedDB.databases()).map(({ name = "" }) => dump(name)));
          const cached = await Promise.all((await caches.keys()).map(async (name) => (await (await caches.open(name)).keys()).map(({ url }) => url)));
          const addresses = performance.getEntries().map(({ name }) => name);
          return JSON.stringify([document.cookie, { ...localStorage }, { ...sessionStorage }, indexed, cached, addresses, location.href, name, globalThis.history.state, holdfast.heard, holdfast.client.get(), document.documentElement.outerHTML]);
        });
        // The search has something to search.
        expect(readable).toContain("lastActivity");
        for (const credential of credentials) {
          for (let at = 32; at + 16 <= credential.length; at += 16) expect(readable).not.toContain(credential.slice(at, at + 16));
        }
      }
    },
  },
  ...[3 * HOUR, -3 * HOUR].map(
    (wrong): Run => ({
      id: "L05",
      title: `the countdown is the server's although the browser's clock is ${wrong > 0 ? "three hours fast" : "three hours slow"}`,
      proves: ["L05", "C12"],
      async play({ site, signIn, pass }) {
        site.settings = { version: 1, wall: wrong, steady: 0 };
        const tab = await signIn();
        const left = await tab.evaluate(() => holdfast.client.remaining()?.idle ?? 0);
        expect(Math.abs(left - IDLE)).toBeLessThan(10 * SECOND);
        await pass(IDLE - 30 * SECOND, { step: 10 * SECOND });
        expect(await status(tab)).toBe("active");
        await pass(20 * SECOND);
        expect(await status(tab)).toBe("warning");
        await pass(20 * SECOND);
        await becomes(tab, "idle:idle");
        expect(await onServer(tab)).toMatchObject({ state: "none" });
      },
    }),
  ),
  afterSleep("coming back to the tab", ["hidden"], async ({ server, plain, sleep }, tab) => {
    const other = await plain();
    await other.show();
    await expect.poll(() => tab.evaluate(() => document.visibilityState), POLL).toBe("hidden");
    server.down = true;
    await sleep(HOUR);
    await tab.show();
  }),
  afterSleep("a restore from the back-forward cache", [], async ({ server, sleep, away }, tab) => {
    await away(tab);
    server.down = true;
    await sleep(HOUR);
    await tab.back();
    await expect.poll(() => tab.evaluate(() => holdfast.restored()), POLL).toBe(1);
    // From the first moment on.
    expect(await tab.evaluate(() => holdfast.shown.join("\n"))).not.toContain(SECRET);
  }),
  afterSleep("resume after a freeze", ["freeze", "hidden"], async ({ server, plain, sleep, lost }, tab) => {
    const other = await plain();
    await other.show();
    await tab.freeze();
    lost(tab);
    server.down = true;
    await sleep(HOUR);
    await tab.resume();
  }),
  afterSleep("the network's return", ["offline"], async ({ server, sleep }, tab) => {
    await tab.offline(true);
    server.down = true;
    await sleep(HOUR);
    await tab.offline(false);
  }),
  {
    id: "L06",
    title: "one movement in one tab ends the warning in all",
    proves: ["L06"],
    async play(world) {
      const tab = await world.signIn();
      const other = await world.open();
      await warned(world, tab);
      await becomes(other, "warning");
      await nudge(tab);
      await becomes(tab, "active");
      await becomes(other, "active");
      expect(await onServer(tab)).toMatchObject({ state: "active" });
    },
  },
  {
    id: "L07",
    title: "401s end in a question or two per tab, and never in a loop",
    proves: ["L07"],
    async play({ site, signIn, open, plain, pass }, note) {
      const tabs = [await signIn(), await open(), await open()];
      const [first] = tabs as [Tab];
      const form = await plain();
      await form.click("#leave");
      await expect.poll(() => requests(site, "POST", "/sign-out").length, POLL).toBe(1);
      const before = requests(site, "GET", "/session").length;
      for (const tab of tabs) {
        const answers = await tab.evaluate(async () => {
          const all = await Promise.all([1, 2, 3, 4, 5].map(() => holdfast.client.fetch("/api/orders")));
          return all.map(({ status }) => status);
        });
        expect(answers).toEqual([401, 401, 401, 401, 401]);
        await becomes(tab, /^(none|revoked)/);
        await tab.evaluate(() => holdfast.quiet());
      }
      const asked = requests(site, "GET", "/session").length - before;
      note(`${asked} questions of 3 tabs`);
      expect(asked).toBeLessThanOrEqual(2 * tabs.length);
      expect(requests(site, "GET", "/api/orders").length).toBe(15);
      // Whoever comes back to a tab may find things changed: one question more.
      await nudge(first);
      await first.evaluate(() => holdfast.quiet());
      const then = requests(site, "GET", "/session").length;
      expect(then - before).toBeLessThanOrEqual(asked + 1);
      await pass(600 * SECOND, { step: 60 * SECOND, each: () => nudge(first) });
      expect(requests(site, "GET", "/session").length).toBe(then);
      expect(requests(site, "POST", "/session/refresh")).toEqual([]);
    },
  },
  {
    id: "L07",
    title: "a tab that knows of the end from another asks nobody on a 401",
    proves: ["L07"],
    async play({ site, signIn, open, plain }) {
      const tab = await signIn();
      const other = await open();
      await (await plain()).click("#leave");
      await expect.poll(() => requests(site, "POST", "/sign-out").length, POLL).toBe(1);
      await tab.evaluate(async () => void (await holdfast.client.fetch("/api/orders")));
      for (const each of [tab, other]) {
        await becomes(each, OVER);
        await each.evaluate(() => holdfast.quiet());
      }
      const before = requests(site, "GET", "/session").length;
      await other.evaluate(async () => void (await holdfast.client.fetch("/api/orders")));
      await other.evaluate(() => holdfast.quiet());
      expect(requests(site, "GET", "/session").length).toBe(before);
    },
  },
  {
    id: "L08",
    title: "tabs say nothing secret to each other and believe nothing they hear",
    proves: ["L08"],
    async play({ signIn, open, plain, pass }) {
      const tab = await signIn();
      const other = await open();
      const stranger = await plain();
      await pass(30 * SECOND, { each: () => nudge(tab) });
      const before = await lastActivity(tab);
      await stranger.evaluate(() => {
        const channel = new BroadcastChannel("session:/session");
        for (const message of ["over", null, 7, { type: "logout", epoch: "x" }, "holdfast:activity", "<img>"]) channel.postMessage(message);
      });
      await tab.evaluate(() => postMessage("holdfast:activity", "*"));
      await expect.poll(() => other.evaluate(() => holdfast.heard.length), POLL).toBe(6);
      for (const each of [tab, other]) expect(await status(each)).toBe("active");
      expect(await lastActivity(tab)).toBe(before);
      await logout(tab);
      // The reason may be gone with the storage, which this server has cleared.
      await becomes(other, /^none/);
      // The last word comes again when the server has answered.
      expect((await other.evaluate(() => holdfast.heard)).slice(6, 8)).toEqual(["leaving", "over"]);
    },
  },
  {
    id: "H12",
    title: "five tabs ask one after another, and a lost answer costs nobody the session",
    proves: ["H12"],
    async play({ site, signIn, open, pass }, note) {
      const tabs = [await signIn(), await open(), await open(), await open(), await open()];
      const [first] = tabs as [Tab];
      const before = site.seen.length;
      // At once, whatever the order in which they are spoken to: the first question hangs until all have asked.
      const together = async (work: () => unknown): Promise<void> => {
        let hung = false;
        site.fault = () => (hung ? undefined : ((hung = true), "hang"));
        for (const tab of tabs) await tab.evaluate(work);
        site.fault = () => undefined;
        site.release();
        for (const tab of tabs) await tab.evaluate(() => holdfast.quiet());
      };
      await together(() => void holdfast.client.refresh());
      await expect.poll(() => requests(site, "GET", "/session").length, POLL).toBeGreaterThanOrEqual(10);
      expect(Math.max(...site.seen.slice(before).map(({ parallel }) => parallel))).toBe(1);

      await pass(70 * SECOND, { step: 10 * SECOND, each: () => nudge(first) });
      const touched = requests(site, "POST", "/session/touch").length;
      const renewed = site.events.filter((type) => type === "session_renewed").length;
      await pass(61 * SECOND, { step: 61 * SECOND });
      let lost = 0;
      site.fault = ({ method }) => (method === "POST" && lost++ === 0 ? "lose-answer" : undefined);
      const extended = tabs.map((tab) => tab.evaluate(() => holdfast.client.extend()));
      await Promise.all(extended);
      site.fault = () => undefined;
      expect(lost).toBeGreaterThan(0);
      for (const tab of tabs) await tab.evaluate(async () => void (await holdfast.client.refresh()));
      for (const tab of tabs) await becomes(tab, "active");
      expect(site.events.filter((type) => type === "session_renewed").length).toBeGreaterThan(renewed);
      expect(site.events.filter((type) => /reuse|revoked|logout/.test(type))).toEqual([]);
      expect(Math.max(...site.seen.slice(before).map(({ parallel }) => parallel))).toBe(1);
      note(`${requests(site, "POST", "/session/touch").length - touched} touches, one of them lost`);
      expect(await onServer(first)).toMatchObject({ state: "active" });
    },
  },
  {
    id: "C07",
    title: "polls that no user is behind do not keep the session",
    proves: ["C07"],
    async play({ site, signIn, pass }) {
      const tab = await signIn();
      await pass(END, {
        step: 10 * SECOND,
        each: () =>
          tab.evaluate(async () => {
            // Marked by hand, and by itself since nobody moves; asking how things stand is no activity either.
            await holdfast.client.fetch("/api/orders", { background: true });
            await holdfast.client.fetch("/api/orders");
            await holdfast.client.refresh();
          }),
      });
      await becomes(tab, "idle:idle");
      const orders = requests(site, "GET", "/api/orders");
      expect(orders.length).toBeGreaterThan(10);
      expect(orders.filter(({ activity }) => activity !== "none")).toEqual([]);
      expect(orders.at(-1)?.status).toBe(401);
      expect(await onServer(tab)).toMatchObject({ state: "none" });
    },
  },
  {
    id: "C12",
    title: "a browser clock that is set forward ends nothing on the server, and one set back gives nothing",
    proves: ["C12"],
    async play({ signIn, setClock, pass }) {
      const tab = await signIn();
      await setClock(HOUR);
      await nudge(tab);
      // It cannot be told from sleep, so it is hidden until the server has spoken.
      await becomes(tab, "active");
      const left = await tab.evaluate(() => holdfast.client.remaining()?.idle ?? 0);
      expect(Math.abs(left - IDLE)).toBeLessThan(10 * SECOND);
      expect(await onServer(tab)).toMatchObject({ state: "active" });
      await setClock(-2 * HOUR);
      await pass(END, { step: 20 * SECOND });
      await becomes(tab, "idle:idle");
      expect(await onServer(tab)).toMatchObject({ state: "none" });
    },
  },
];
