import { expect } from "vitest";
import { CAPABILITIES } from "../src/driver/capabilities.ts";
import { IDLE, SECOND, SECRET } from "../src/site/site.ts";
import type { Run } from "./run.ts";
import { becomes, END, history, lastActivity, logout, nudge, onServer, OVER, POLL, requests, state, status, text } from "./world.ts";

const HOUR = 3600 * SECOND;
/** The nine runs in which the libraries of the field fail. */
export const NINE: readonly Run[] = [
  {
    id: "E1",
    title: "a new, untouched tab does not end a session that is used in another",
    proves: ["L06"],
    async play({ signIn, open, pass }) {
      const used = await signIn();
      const untouched = await open();
      await pass(2 * IDLE, { step: 20 * SECOND, each: () => nudge(used) });
      expect([...(await history(used)), ...(await history(untouched))].filter((entry) => entry !== "none" && OVER.test(entry))).toEqual([]);
      expect(await onServer(untouched)).toMatchObject({ state: "active" });
      // And when nobody moves, both are over.
      await pass(END, { step: 20 * SECOND });
      await becomes(used, "idle:idle");
      await becomes(untouched, "idle:idle");
    },
  },
  {
    id: "E2",
    title: "a crashed tab does not keep the others signed in",
    async play({ browser, signIn, open, pass, lost, site }, note) {
      const left = await signIn();
      const doomed = await open();
      await nudge(doomed);
      // It dies in the middle of a question, with the lock in its hand.
      site.fault = ({ url }) => (new URL(url).pathname === "/session" ? "hang" : undefined);
      await doomed.evaluate(() => void holdfast.client.refresh());
      await expect.poll(() => requests(site, "GET", "/session").at(-1)?.status, POLL).toBe("hang");
      await doomed.crash();
      lost(doomed);
      site.fault = () => undefined;
      note(`process ${CAPABILITIES[browser.engine].crash}`);
      await pass(END, { step: 20 * SECOND });
      await becomes(left, "idle:idle");
      expect(await onServer(left)).toMatchObject({ state: "none" });
    },
  },
  {
    id: "E3",
    title: "the first mouse move after eight hours of sleep revives nothing",
    proves: ["L05"],
    async play({ signIn, sleep, site }) {
      const tab = await signIn();
      await nudge(tab);
      const before = await lastActivity(tab);
      const known = (await history(tab)).length;
      await sleep(8 * HOUR);
      const asked = site.seen.length;
      await nudge(tab);
      await expect.poll(async () => (await state(tab)) as object, POLL).toMatchObject({ confirmed: true });
      const [first, ...then] = (await history(tab)).slice(known);
      expect(first).toBe("idle:idle");
      expect(then.filter((entry) => !OVER.test(entry))).toEqual([]);
      expect(await text(tab)).not.toContain(SECRET);
      expect([0, before]).toContain(await lastActivity(tab));
      expect(site.seen.slice(asked).filter(({ path }) => path === "/session/touch")).toEqual([]);
    },
  },
  {
    id: "E3",
    title: "the same with the tab's process stopped meanwhile",
    proves: ["L05"],
    async play({ signIn, open, sleep, lost }) {
      const tab = await signIn();
      const other = await open();
      lost(tab);
      const known = (await history(tab)).length;
      // The other tab only says what time it is.
      await tab.suspended(() => sleep(8 * HOUR));
      await nudge(tab);
      await becomes(tab, OVER);
      const [first, ...then] = (await history(tab)).slice(known);
      expect(first).toBe("idle:idle");
      expect(then.filter((entry) => !OVER.test(entry))).toEqual([]);
      await nudge(other);
      await becomes(other, OVER);
    },
  },
  {
    id: "E3",
    title: "it says idle, not revoked, although the server has forgotten the session by then",
    async play({ signIn, open, sleep }) {
      const tab = await signIn();
      const other = await open();
      await sleep(8 * HOUR);
      for (const each of [tab, other]) {
        await nudge(each);
        await expect.poll(async () => (await state(each)) as object, POLL).toMatchObject({ status: "idle", confirmed: true });
      }
      for (const each of [tab, other]) expect(await status(each)).toBe("idle:idle");
    },
  },
  {
    id: "E4",
    title: "idle time is kept after a restore from the back-forward cache",
    async play({ signIn, pass, away }, note) {
      const tab = await signIn();
      await away(tab);
      await tab.back();
      await expect.poll(() => tab.evaluate(() => holdfast.restored()), POLL).toBe(1);
      note("restored");
      await becomes(tab, "active");
      await pass(20 * SECOND);
      const before = await lastActivity(tab);
      await nudge(tab);
      await expect.poll(() => lastActivity(tab), POLL).toBeGreaterThan(before);
      await pass(END, { step: 20 * SECOND });
      await becomes(tab, "idle:idle");
      expect(await tab.evaluate(() => holdfast.restored())).toBe(1);
    },
  },
  {
    id: "E5",
    title: "a download or an aborted navigation stops nothing",
    async play({ signIn, pass, site }) {
      const tab = await signIn();
      for (const id of ["download", "nothing"]) {
        await tab.click(`#${id}`);
        await expect.poll(() => requests(site, "GET", `/${id}`).length, POLL).toBe(1);
      }
      await pass(20 * SECOND);
      const before = await lastActivity(tab);
      await nudge(tab);
      await expect.poll(() => lastActivity(tab), POLL).toBeGreaterThan(before);
      expect(await status(tab)).toBe("active");
      await pass(END, { step: 20 * SECOND });
      await becomes(tab, "idle:idle");
    },
  },
  {
    id: "E6",
    title: "the page stays eligible for the back-forward cache with everything running",
    async play({ signIn, open, away }, note) {
      const tab = await signIn();
      const other = await open();
      await nudge(tab);
      await tab.evaluate(async () => {
        holdfast.client.hold("upload", { max: 60_000 });
        holdfast.client.beforeLogout(() => undefined);
        await holdfast.client.extend();
        await holdfast.client.refresh();
        await holdfast.quiet();
      });
      await away(tab);
      // Activity in another tab must not throw the page out of the cache.
      await nudge(other);
      await tab.back();
      const how = (): Promise<readonly [reasons: string, restored: number]> =>
        tab.evaluate(() => {
          const [entry] = performance.getEntriesByType("navigation") as (PerformanceEntry & { notRestoredReasons?: unknown })[];
          return [JSON.stringify(entry?.notRestoredReasons ?? null), holdfast.restored()] as const;
        });
      // A driver may be back before the page is.
      await expect.poll(how, POLL).toEqual(["null", 1]);
      note("restored");
    },
  },
  {
    id: "E7",
    title: "a poll that fails is offline, never signed out",
    async play({ signIn, pass, site }) {
      const tab = await signIn();
      for (const fault of [500, "down"] as const) {
        site.fault = ({ url }) => (new URL(url).pathname.startsWith("/session") ? fault : undefined);
        await tab.evaluate(() => void holdfast.client.refresh());
        await becomes(tab, "offline");
        expect(await text(tab)).toContain(SECRET);
        await pass(15 * SECOND);
        expect(await status(tab)).toBe("offline");
        site.fault = () => undefined;
        for (let tries = 0; tries < 12 && (await status(tab)) !== "active"; tries++) await pass(5 * SECOND, { each: () => nudge(tab) });
        expect(await status(tab)).toBe("active");
      }
      expect([...new Set(await history(tab))].sort()).toEqual(["active", "none", "offline"]);
    },
  },
  {
    id: "E8",
    title: "a sign-out in another tab reaches a page in the back-forward cache",
    proves: ["D11"],
    async play({ browser, signIn, open, away, pass }, note) {
      const tab = await signIn();
      const other = await open();
      await away(tab);
      expect(await logout(other)).toBe("done");
      // The word of it takes its time to a page that nobody looks at.
      await pass(2 * SECOND, { step: SECOND });
      await tab.back();
      await becomes(tab, /^none/);
      const [restored, shown] = await tab.evaluate(() => [holdfast.restored(), holdfast.shown.join("\n")] as const);
      note(restored ? "restored, nothing to be seen" : "thrown out of the cache by the message");
      expect(restored > 0).toBe(!CAPABILITIES[browser.engine].evicts);
      expect(shown).not.toContain(SECRET);
      expect(await text(tab)).not.toContain(SECRET);
    },
  },
  {
    id: "E8",
    title: "and one that only the server knows of",
    proves: ["D11"],
    async play({ site, signIn, plain, away }, note) {
      const tab = await signIn();
      const other = await plain();
      await away(tab);
      await other.click("#leave");
      await expect.poll(() => requests(site, "POST", "/sign-out").length, POLL).toBe(1);
      await tab.back();
      await becomes(tab, /^(none|revoked)/);
      const [restored, shown] = await tab.evaluate(() => [holdfast.restored(), holdfast.shown.join("\n")] as const);
      note(restored ? "restored, nothing to be seen" : "loaded anew");
      expect(shown).not.toContain(SECRET);
      expect(await text(tab)).not.toContain(SECRET);
    },
  },
  {
    id: "E8",
    title: "a page that goes into the cache while it asks does not hold up the others",
    async play({ signIn, open, site, url }) {
      // Without timers: nobody who waits loses patience, so nothing but the lock's release lets the other one ask.
      site.settings = { ...site.settings, still: true };
      const tab = await signIn();
      const other = await open();
      site.fault = ({ url }) => (new URL(url).pathname === "/session" ? "hang" : undefined);
      await other.evaluate(() => void holdfast.client.refresh());
      await expect.poll(() => requests(site, "GET", "/session").at(-1)?.status, POLL).toBe("hang");
      site.fault = () => undefined;
      // Waits for the lock already when the other one goes.
      await tab.evaluate(() => void holdfast.client.refresh());
      const before = requests(site, "GET", "/session").length;
      await other.goto(`${url}/plain`);
      await expect.poll(() => requests(site, "GET", "/session").length, POLL).toBe(before + 1);
    },
  },
  {
    id: "E9",
    title: "a sign-out by the server in another tab is noticed at once by the hint cookie",
    needs: ["cookieStore"],
    async play({ site, signIn, plain }) {
      site.hint = true;
      const tab = await signIn();
      const other = await plain();
      await other.click("#leave");
      await becomes(tab, /^(none|revoked)/);
      expect(await text(tab)).not.toContain(SECRET);
    },
  },
  {
    id: "E9",
    title: "and without one when somebody looks at the tab again",
    needs: ["hidden"],
    async play({ site, signIn, plain, pass }) {
      const tab = await signIn();
      const other = await plain();
      await other.click("#leave");
      await expect.poll(() => requests(site, "POST", "/sign-out").length, POLL).toBe(1);
      await pass(90 * SECOND, { step: 10 * SECOND });
      expect(await status(tab)).toBe("active");
      await tab.show();
      await becomes(tab, /^(none|revoked)/);
      expect(await text(tab)).not.toContain(SECRET);
    },
  },
  {
    id: "E9",
    title: "or with its next question, when somebody uses it",
    async play({ site, signIn, plain, pass }) {
      const tab = await signIn();
      const other = await plain();
      await other.click("#leave");
      await expect.poll(() => requests(site, "POST", "/sign-out").length, POLL).toBe(1);
      await pass(30 * SECOND, { each: () => nudge(tab) });
      await becomes(tab, /^(none|revoked)/);
      expect(await text(tab)).not.toContain(SECRET);
    },
  },
];
