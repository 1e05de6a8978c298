import type { AxeResults, RunOptions } from "axe-core";
import { expect } from "vitest";
import { AXE_OPTIONS, axeScript, findingsOf } from "../../../tools/lib/axe.ts";
import type { Json, Tab } from "../src/driver/types.ts";
import { IDLE, SECOND } from "../src/site/site.ts";
import type { Run } from "./run.ts";
import { becomes, onServer, POLL, state, status, text, warned, type World } from "./world.ts";

const HOUR = 3600 * SECOND;

/** A tab with the form and the dialog, somebody's cursor in the field. */
async function atWork({ site, signIn }: World): Promise<Tab> {
  site.form = true;
  const tab = await signIn();
  await tab.click("#note");
  return tab;
}

/** What has the focus: a part of the dialog, the field by its id, or the name of an element. */
const focused = (tab: Tab): Promise<string> =>
  tab.evaluate(() => {
    const { activeElement: element } = document;
    return element?.getAttribute("data-session") || element?.id || element?.tagName || "";
  });

/** Firefox leads through its own buttons, and the keys are theirs until the document has the focus again. */
async function backTo(tab: Tab, part: string): Promise<void> {
  for (let tries = 0; tries < 20; tries++) {
    const inside = await tab.evaluate(() => document.hasFocus());
    if (inside && (await focused(tab)) === part) return;
    await tab.press(inside ? "Shift+Tab" : "Tab");
  }
}

const isOpen = (tab: Tab): Promise<boolean> => tab.evaluate(() => document.querySelector("dialog[open]") !== null);

const noted = (tab: Tab): Promise<string> => tab.evaluate(() => document.querySelector<HTMLInputElement>("#note")?.value ?? "");

const left = (tab: Tab, by: "idle" | "absolute"): Promise<number> => tab.evaluate((by) => holdfast.client.remaining()?.[by] ?? 0, by);

async function write(tab: Tab, words: string): Promise<void> {
  for (const letter of words) await tab.press(letter);
}

async function axeFindings(tab: Tab): Promise<string[]> {
  await tab.evaluate((source) => void document.head.append(Object.assign(document.createElement("script"), { textContent: source })), axeScript);
  const results = await tab.evaluate((options) => (globalThis as unknown as { axe: { run(root: Document, options: RunOptions): Promise<AxeResults> } }).axe.run(document, options as RunOptions), AXE_OPTIONS as Json);
  return findingsOf(results);
}

/** The warning: the real dialog in a real page, operated by the engine's own keys. */
export const WARNING: readonly Run[] = [
  {
    id: "L02",
    title: "ten times in a row there are more than 20 seconds to stay, by one key",
    proves: ["L02"],
    async play(world, note) {
      const tab = await atWork(world);
      let least = IDLE;
      for (let times = 0; times < 10; times++) {
        await warned(world, tab);
        least = Math.min(least, await left(tab, "idle"));
        expect(least).toBeGreaterThan(20 * SECOND);
        // Whoever is slow needs them all.
        await world.pass(20 * SECOND);
        expect([await status(tab), await isOpen(tab)]).toEqual(["warning", true]);
        await tab.press("Enter");
        await becomes(tab, "active");
        await expect.poll(() => isOpen(tab), POLL).toBe(false);
      }
      expect((await onServer(tab)).idleIn).toBeGreaterThan(IDLE / SECOND / 2);
      note(`at least ${Math.floor(least / 10 / SECOND) * 10} s each time`);
    },
  },
  {
    id: "L03",
    title: "the absolute limit is announced in advance in words of its own, and the work goes on until then",
    proves: ["L03"],
    async play(world) {
      const tab = await atWork(world);
      while ((await status(tab)) === "active") await world.pass(20 * SECOND, { step: 20 * SECOND, each: () => tab.press("x") });
      expect(await state(tab)).toMatchObject({ status: "warning", by: "absolute" });
      expect(await left(tab, "absolute")).toBeGreaterThan(20 * SECOND);
      expect(await tab.exposes("alertdialog", "Your session ends soon")).toBe(true);
      await tab.press("Escape");
      await expect.poll(() => isOpen(tab), POLL).toBe(false);
      expect(await focused(tab)).toBe("note");
      await write(tab, "end");
      expect(await noted(tab)).toMatch(/x+end$/);
      for (let passed = 0; (await status(tab)) === "warning" && passed < 60; passed += 5) {
        expect(await isOpen(tab)).toBe(false);
        await world.pass(5 * SECOND);
      }
      await becomes(tab, "expired:absolute");
      expect(await onServer(tab)).toMatchObject({ state: "none" });
    },
  },
  {
    id: "L04",
    title: "the page says at the start how long one may be inactive, and that is true",
    proves: ["L04"],
    async play(world) {
      const tab = await atWork(world);
      await expect.poll(() => text(tab), POLL).toContain("You may be inactive for 2 minutes.");
      await world.pass(IDLE - 20 * SECOND);
      expect(await status(tab)).toBe("warning");
      await world.pass(40 * SECOND);
      await becomes(tab, "idle:idle");
    },
  },
  {
    id: "L04",
    title: "what was typed before the end is there twenty hours later",
    proves: ["L04"],
    async play(world) {
      const tab = await atWork(world);
      await write(tab, "draft");
      await warned(world, tab);
      for (let passed = 0; (await status(tab)) === "warning" && passed < IDLE; passed += SECOND) await world.pass(SECOND, { step: SECOND });
      await becomes(tab, "idle:idle");
      await world.sleep(20 * HOUR);
      const back = await world.signIn();
      expect(await noted(back)).toBe("draft");
    },
  },
  {
    id: "L09",
    title: "the warning is an alert dialog for the engine's accessibility tree, and axe finds nothing wrong with it",
    proves: ["L09"],
    async play(world) {
      const tab = await atWork(world);
      expect(await tab.exposes("button", "Sign out on the server")).toBe(true);
      await warned(world, tab);
      expect(await tab.exposes("alertdialog", "Are you still there?")).toBe(true);
      for (const name of ["Stay signed in", "Sign out now"]) expect(await tab.exposes("button", name)).toBe(true);
      // Behind a modal dialog nothing is left of the page. WebKit's driver asks each element by itself, the inert ones too.
      expect(await tab.exposes("button", "Sign out on the server")).toBe(world.browser.engine === "webkit");
      expect(await axeFindings(tab)).toEqual([]);
    },
  },
  {
    id: "L09",
    title: "the live region tells of the time left every 20 seconds, and not each second",
    proves: ["L09", "L02"],
    async play(world) {
      const tab = await atWork(world);
      await warned(world, tab);
      while ((await status(tab)) === "warning") await world.pass(SECOND, { step: SECOND });
      const spoken = await tab.evaluate(() => holdfast.spoken);
      const said = spoken.map(([words]) => (words === "1 minute left." ? 60 : Number(/^(\d+) seconds left\.$/.exec(words)?.[1])));
      expect(said.map((seconds) => Math.ceil(seconds / 20))).toEqual([3, 2, 1]);
      // The state is read a moment after the words, and a second may have begun between them.
      spoken.forEach(([, left], at) => expect((said[at] ?? Number.NaN) - left).toSatisfy((late: number) => late >= 0 && late < 2));
    },
  },
  {
    id: "L09",
    title: "by keyboard alone: the focus goes into the dialog, stays in it and comes back",
    proves: ["L09"],
    async play(world) {
      const tab = await atWork(world);
      for (const key of ["Enter", " ", "Escape"]) {
        await warned(world, tab);
        const seen = new Set([await focused(tab)]);
        expect([...seen]).toEqual(["stay"]);
        for (const step of ["Tab", "Tab", "Tab", "Shift+Tab", "Shift+Tab", "Shift+Tab"]) {
          await tab.press(step);
          seen.add(await focused(tab));
        }
        // Past the last button lies the dialog itself or the browser, never the page.
        expect([...seen].filter((name) => name !== "BODY" && name !== "DIALOG").sort()).toEqual(["leave", "stay"]);
        await backTo(tab, "stay");
        await tab.press(key);
        await becomes(tab, "active");
        await expect.poll(() => isOpen(tab), POLL).toBe(false);
        expect(await focused(tab)).toBe("note");
      }
    },
  },
];
