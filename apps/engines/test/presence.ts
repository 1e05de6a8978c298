import { expect } from "vitest";
import { CAPABILITIES } from "../src/driver/capabilities.ts";
import type { Tab } from "../src/driver/types.ts";
import { IDLE, SECOND } from "../src/site/site.ts";
import type { Run } from "./run.ts";
import { becomes, END, history, lastActivity, nudge, onServer, POLL, requests, status, type World } from "./world.ts";

/** Counts the trusted events of a user that reach the page itself from now on. */
const watchInput = (tab: Tab): Promise<void> =>
  tab.evaluate(() => {
    document.body.dataset["input"] = "";
    for (const type of ["pointerdown", "pointermove", "keydown", "touchstart", "wheel"]) {
      addEventListener(type, ({ isTrusted }) => void (isTrusted && (document.body.dataset["input"] += ` ${type}`)), { capture: true });
    }
  });

const inputOf = (tab: Tab): Promise<string> => tab.evaluate(() => document.body.dataset["input"]?.trim() ?? "");

let place = 20;
/** Moves the mouse within the frame, to where it has not been just now. */
const nudgeInside = (tab: Tab): Promise<void> => tab.inside((place = place === 20 ? 60 : 20), 40);

/** A question that time overtook is offline for a moment. */
const isNews = (entry: string): boolean => entry !== "active" && entry !== "offline";

/** Signed in, with the focus on the page and a frame in it, and with 20 s since anybody moved. */
async function around(world: World, frame: string): Promise<Tab> {
  world.site.frame = frame;
  const tab = await world.signIn();
  await tab.click("h1");
  await world.pass(20 * SECOND);
  return tab;
}

/** A click into a frame that tells nothing: all that the page gets is that the focus went there. */
const clickInto = (what: string, frameOf: (world: World) => string): Run => ({
  id: "F1",
  title: `a click into a frame of ${what} counts, by the focus that goes there`,
  async play(world) {
    const tab = await around(world, frameOf(world));
    await watchInput(tab);
    const before = await lastActivity(tab);
    await tab.inside(60, 60, true);
    await expect.poll(() => lastActivity(tab), POLL).toBeGreaterThan(before);
    expect(await inputOf(tab)).toBe("");
    // What follows in there is not seen.
    const then = await lastActivity(tab);
    await world.pass(20 * SECOND);
    await nudgeInside(tab);
    await world.pass(END, { step: 20 * SECOND });
    expect([0, then]).toContain(await lastActivity(tab));
    await becomes(tab, "idle:idle");
  },
});

/** A frame whose document uses `./iframe`. */
const reports = (what: string, originOf: (world: World) => string): Run => ({
  id: "F2",
  title: `whatever is done in a frame of ${what} counts with the child script, if the page names its origin`,
  async play(world) {
    const origin = originOf(world);
    world.site.frames = [origin];
    const tab = await around(world, `${origin}/inside?to=${encodeURIComponent(world.url)}`);
    await watchInput(tab);
    const known = (await history(tab)).length;
    await world.pass(END + IDLE, { step: 20 * SECOND, each: () => nudgeInside(tab) });
    expect([await inputOf(tab), (await history(tab)).slice(known).filter(isNews)]).toEqual(["", []]);
    expect(await onServer(tab)).toMatchObject({ state: "active" });
    // The same from an origin that is not named.
    world.site.frames = ["https://other.example"];
    await world.load(tab);
    await becomes(tab, "active");
    await world.pass(END, { step: 20 * SECOND, each: () => nudgeInside(tab) });
    await becomes(tab, "idle:idle");
  },
});

/** What counts as somebody being there besides moving in the page, and what is still done before a sign-out. */
export const PRESENCE: readonly Run[] = [
  clickInto("the same origin", () => "/inside"),
  clickInto("another origin", ({ elsewhere }) => `${elsewhere}/inside`),
  reports("the same origin", ({ url }) => url),
  reports("another origin", ({ elsewhere }) => elsewhere),
  {
    id: "F3",
    title: "content that a script scrolls under a resting mouse is no activity, also where the engine sends a trusted move for it",
    async play({ browser, signIn, pass }, note) {
      const tab = await signIn();
      await nudge(tab);
      await pass(20 * SECOND);
      const before = await lastActivity(tab);
      await watchInput(tab);
      await tab.evaluate(async () => {
        const high = Array.from({ length: 200 }, (_, at) => Object.assign(document.createElement("p"), { textContent: `Line ${at}` }));
        document.body.append(...high);
        // As many frames as it takes an engine to notice what lies under the mouse now.
        for (let frames = 0; frames < 60; frames++) {
          scrollBy(0, 40);
          await new Promise(requestAnimationFrame);
        }
      });
      const { scrollMoves } = CAPABILITIES[browser.engine];
      note(scrollMoves ? "trusted pointermove by nothing, which does not count" : "no trusted event");
      await expect.poll(() => inputOf(tab), POLL).toMatch(scrollMoves ? /^pointermove/ : /^$/);
      expect(await lastActivity(tab)).toBe(before);
    },
  },
  {
    id: "F4",
    title: "a hold keeps the session while nobody moves, in all tabs, and no longer than its max",
    async play({ signIn, open, pass }) {
      const tab = await signIn();
      const other = await open();
      const known = (await history(other)).length;
      await tab.evaluate((max) => void holdfast.client.hold("film", { max }), 2 * IDLE);
      await pass(2 * IDLE - 20 * SECOND, { step: 10 * SECOND });
      expect([await status(tab), (await history(other)).slice(known).filter(isNews)]).toEqual(["active", []]);
      expect(await onServer(tab)).toMatchObject({ state: "active" });
      await pass(END, { step: 20 * SECOND });
      await becomes(tab, "idle:idle");
      await becomes(other, "idle:idle");
      expect((await tab.evaluate(() => holdfast.events)).filter((type) => type === "held")).toHaveLength(2);
    },
  },
  {
    id: "F5",
    title: "where there are no Web Locks a lease in the storage has two tabs ask one after the other",
    async play({ site, signIn, open }) {
      site.locks = false;
      const tabs = [await signIn(), await open()];
      const [first, second] = tabs as [Tab, Tab];
      expect(await first.evaluate(() => navigator.locks === undefined)).toBe(true);
      const before = site.seen.length;
      let hung = false;
      site.fault = ({ url }) => (hung || new URL(url).pathname !== "/session" ? undefined : ((hung = true), "hang"));
      const lease = (tab: Tab): Promise<string | null> => tab.evaluate(() => localStorage.getItem("session:/session:lease"));
      await first.evaluate(() => void holdfast.client.refresh());
      // What one tab stores takes its time to the other one's process.
      await expect.poll(() => lease(second), POLL).not.toBe(null);
      await expect.poll(() => hung, POLL).toBe(true);
      await second.evaluate(() => void holdfast.client.refresh());
      // A request of later is answered, and the second question has not been sent.
      await second.evaluate(async () => void (await fetch("/nothing")));
      expect(requests(site, "GET", "/session").slice(-1)).toMatchObject([{ status: "hang" }]);
      site.release();
      for (const tab of tabs) await tab.evaluate(() => holdfast.quiet());
      await expect.poll(() => site.seen.slice(before).filter(({ path, status }) => path === "/session" && status === 200).length, POLL).toBeGreaterThanOrEqual(1);
      await expect.poll(async () => [await lease(first), await lease(second)], POLL).toEqual([null, null]);
      expect(Math.max(...site.seen.slice(before).map(({ parallel }) => parallel))).toBe(1);
    },
  },
  {
    id: "F6",
    title: "a sign-out waits for what another tab saves, with the session still there",
    proves: ["L04"],
    async play({ site, signIn, open, pass }) {
      site.settings = { ...site.settings, still: true };
      const tab = await signIn();
      const other = await open();
      await other.evaluate(() => {
        holdfast.client.beforeLogout(async () => {
          await new Promise((go) => addEventListener("save", go, { once: true }));
          document.body.dataset["saved"] = String((await holdfast.client.fetch("/api/orders", { method: "POST" })).status);
        });
      });
      await expect.poll(() => tab.evaluate(() => localStorage.getItem("session:/session:saves")), POLL).toBe("1");
      await tab.evaluate(() => void holdfast.client.logout().then((outcome) => (document.body.dataset["outcome"] = outcome)));
      await expect.poll(() => tab.evaluate(() => holdfast.heard), POLL).toContain("saving");
      await pass(SECOND);
      expect([await status(tab), requests(site, "POST", "/session/logout")]).toEqual(["active", []]);
      await other.evaluate(() => void dispatchEvent(new Event("save")));
      await expect.poll(() => tab.evaluate(() => document.body.dataset["outcome"]), POLL).toBe("done");
      expect(await other.evaluate(() => document.body.dataset["saved"])).toBe("200");
      for (const each of [tab, other]) await becomes(each, /^none/);
    },
  },
  {
    id: "F7",
    title: "a hidden tab notices the end by its own timers, as slow as the engine makes them",
    needs: ["hidden"],
    async play({ signIn, plain, sleep }) {
      const tab = await signIn();
      const other = await plain();
      await other.show();
      await expect.poll(() => tab.evaluate(() => document.visibilityState), POLL).toBe("hidden");
      // Three seconds before the end. A word on the channel makes the tab look at its clocks, and from then on it is on its own.
      await sleep((await tab.evaluate(() => holdfast.client.remaining()?.idle ?? 0)) - 3 * SECOND);
      await other.evaluate(() => new BroadcastChannel("session:/session").postMessage("?"));
      await becomes(tab, "idle:idle");
      expect(await tab.evaluate(() => document.visibilityState)).toBe("hidden");
    },
  },
  {
    id: "F7",
    title: "the same where an engine lets a hidden tab's timers run once a minute",
    undriven: "begins after five minutes in the background, which no test waits for; the simulator plays it",
    play: () => Promise.reject(new Error("not driven")),
  },
];
