import { mkdirSync } from "node:fs";
import type { BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { chromiumHere } from "../../../tools/lib/chromium.ts";
import { SHOTS, shoot } from "./axe.ts";
import { Browserlike } from "./browserlike.ts";
import { fillIn, heading, openPages, type Pages, ready } from "./pages.ts";

const SECOND = 1000;
const IDLE = 60 * SECOND;
const ABSOLUTE = 600 * SECOND;
const WARN = 20 * SECOND;
const FRESH = 30 * SECOND;

describe.skipIf(!chromiumHere("the portal is"))("the portal in Chromium, two tabs, one clock", () => {
  let pages: Pages;
  let context: BrowserContext;
  let first: Page;
  let second: Page;
  const open: Pages["open"] = (page, path) => pages.open(page, path);
  const signIn: Pages["signIn"] = (page) => pages.signIn(page);
  const advance: Pages["advance"] = (ms) => pages.advance(ms);
  const stay = (page: Page): ReturnType<Page["locator"]> => page.getByRole("alertdialog").getByRole("button", { name: "Stay signed in" });
  const idleLeft = (page: Page): Promise<string | null> => page.getByRole("timer").first().textContent();

  beforeAll(async () => {
    mkdirSync(SHOTS, { recursive: true });
    pages = await openPages({ warn: WARN, policy: { idle: IDLE, absolute: ABSOLUTE, freshFor: FRESH } });
    ({ context } = pages);
    first = await pages.newTab("/");
  });
  afterAll(() => pages?.close());

  it("lets a visitor browse without a session and fill a crate as a guest", async () => {
    await first.getByText("No session", { exact: true }).waitFor();
    expect(await context.cookies()).toEqual([]);
    await shoot(first, "shop-visitor");
    await first.getByRole("button", { name: "Add Manila line, 20 m" }).click();
    await first.getByRole("button", { name: "Add Storm lantern" }).click();
    await first.getByLabel("Crate: 2 things").waitFor();
    await first.getByRole("button", { name: "Add Storm lantern" }).click();
    await first.getByLabel("Crate: 3 things").waitFor();
    await first.getByRole("button", { name: "Take out one Storm lantern" }).click();
    await first.getByLabel("Crate: 2 things").waitFor();
    const attributes = { secure: true, sameSite: "Lax", path: "/" };
    expect(await context.cookies()).toMatchObject([
      { name: expect.stringMatching(/^__Host-/), httpOnly: true, ...attributes },
      { name: "__Host-sid-portal-hint", httpOnly: false, ...attributes },
    ]);
    await advance(2 * SECOND);
    await shoot(first, "shop-guest");
    await first.reload();
    await first.getByLabel("Crate: 2 things").waitFor();
  });

  it("asks a guest to sign in, carries the crate over and shows both ids", async () => {
    const guest = await first.evaluate(async () => ((await (await fetch("/session")).json()) as { id: string }).id);
    await first.getByRole("link", { name: "Devices" }).click();
    await heading(first, "Come aboard");
    expect(new URL(first.url()).search).toBe("?next=%2Fdevices");
    await open(first, "/account");
    await shoot(first, "sign-in");
    await first.getByLabel("Name").fill("ada");
    await first.getByLabel("Password").fill("wrong");
    await first.getByRole("button", { name: "Sign in", exact: true }).click();
    await first.getByRole("alert").getByText("do not belong together").waitFor();
    expect(await first.getByLabel("Password").evaluate((field) => field === document.activeElement)).toBe(true);
    await fillIn(first);
    await heading(first, "Your session");

    const ids = await first.locator(".swap .mono").allTextContents();
    expect(ids[0]).toBe(guest);
    expect(ids[1]).toMatch(/^[\w-]{24}$/);
    expect(ids[1]).not.toBe(guest);
    await first.getByLabel("Crate: 2 things").waitFor();
    await shoot(first, "account-after-sign-in");
  });

  it("counts both deadlines down", async () => {
    await open(first, "/account");
    expect(await idleLeft(first)).toBe("1:00");
    await advance(10 * SECOND);
    expect(await idleLeft(first)).toBe("0:50");
    expect(await first.getByRole("timer").last().textContent()).toMatch(/^9:[45]\d$/);
    await shoot(first, "account");
  });

  it("[L04] says how long one may take; keeps two preferences saved at once, and wears the chosen light", async () => {
    expect(await first.locator("form").textContent()).toContain("signed out only after 1 minute in which nothing happens");
    await first.getByLabel("Greeting in the shop").fill("Fair winds, Ada");
    await first.getByRole("radio", { name: "Night" }).check();
    await first.getByRole("button", { name: "Save both" }).click();
    await first.locator(".toast", { hasText: "Saved" }).waitFor();
    await first.locator("html[data-theme=dark]").waitFor({ state: "attached" });
    await open(first, "/");
    await heading(first, "Fair winds, Ada");
    await first.getByText("Which line for which boat?").click();
    await first.frameLocator("iframe").getByText("10 mm", { exact: true }).waitFor();
    await first.getByLabel("Note to the dock").fill("Two fenders with it, please");
    await shoot(first, "shop-member");
    await open(first, "/account");
    await first.getByRole("radio", { name: "Auto" }).check();
    await first.getByRole("button", { name: "Save both" }).click();
    await first.locator("html:not([data-theme])").waitFor({ state: "attached" });
  });

  it("lists devices, ends one and all others", async () => {
    const phone = new Browserlike(pages.url, "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) Version/19.0 Mobile Safari/604.1");
    const script = new Browserlike(pages.url, "curl/8.9");
    await phone.signIn();
    await script.signIn();
    second = await pages.newTab("/devices");
    await second.locator(".devices li").nth(2).waitFor();
    expect(await second.locator(".devices li").first().textContent()).toContain("this one");
    await shoot(second, "devices");
    await second.getByRole("button", { name: "End curl" }).click();
    await expect.poll(() => second.locator(".devices li").count()).toBe(2);
    expect(await script.json("GET", "/session")).toEqual({ state: "none", ended: "revoked" });
    await second.getByRole("button", { name: "End all others" }).click();
    await expect.poll(() => second.locator(".devices li").count()).toBe(1);
    expect(await phone.json("GET", "/session")).toEqual({ state: "none", ended: "revoked" });
  });

  it("asks for the password again before the harbour office", async () => {
    await open(second, "/admin");
    await heading(second, "Is it still you?");
    expect(await second.getByLabel("Password of ada").evaluate((field) => field === document.activeElement)).toBe(true);
    await shoot(second, "step-up");
    await second.getByLabel("Password of ada").fill("wrong");
    await second.keyboard.press("Enter");
    await second.getByRole("alert").getByText("That is not your password").waitFor();
    await second.getByLabel("Password of ada").fill("correct-horse");
    await second.keyboard.press("Enter");
    await heading(second, "Harbour office");
    await second.getByText("5:00").waitFor();
    await advance(5 * SECOND);
    await shoot(second, "admin");
    // The other tab uses the new credential without knowing of it.
    await open(first, "/account");
    await heading(first, "Your session");
  });

  it("[B06] nothing that a script can read holds a credential", async () => {
    const credentials = (await context.cookies()).filter(({ httpOnly }) => httpOnly).map(({ value }) => value);
    expect(credentials).toEqual([expect.stringMatching(/^[\w-]{96}$/)]);
    for (const page of [first, second]) {
      const readable = await page.evaluate(async () => {
        const dump = async (name: string): Promise<unknown[]> => {
          const done = <T>(asked: IDBRequest<T>): Promise<T> =>
            new Promise((resolve, reject) => {
              asked.addEventListener("success", () => resolve(asked.result));
              asked.addEventListener("error", () => reject(asked.error ?? new Error(name)));
            });
          const db = await done(indexedDB.open(name));
          return Promise.all([...db.objectStoreNames].map((store) => done(db.transaction(store).objectStore(store).getAll())));
        };
        const databases = await indexedDB.databases();
        const indexed = await Promise.all(databases.map(({ name = "" }) => dump(name)));
        const cached = await Promise.all((await caches.keys()).map(async (name) => (await (await caches.open(name)).keys()).map(({ url }) => url)));
        return JSON.stringify([document.cookie, { ...localStorage }, { ...sessionStorage }, indexed, cached, name, document.documentElement.outerHTML]);
      });
      // The client does keep a record of the session, so the search has something to search.
      expect(readable).toContain("epoch");
      expect(JSON.parse(readable)[0]).toMatch(/^__Host-sid-portal-hint=[\w-]+$/);
      for (const credential of credentials) {
        for (let at = 32; at + 16 <= credential.length; at += 16) expect(readable).not.toContain(credential.slice(at, at + 16));
      }
    }
  });

  it("[D07] asks for the password again before it ends another session, once the last proof is old", async () => {
    const script = new Browserlike(pages.url, "curl/8.9");
    await script.signIn();
    await advance(FRESH);
    await open(second, "/devices");
    await second.getByRole("button", { name: "End curl" }).click();
    await heading(second, "Is it still you?");
    expect(await script.json("GET", "/session")).toMatchObject({ state: "active" });
    await second.getByLabel("Password of ada").fill("correct-horse");
    await second.keyboard.press("Enter");
    await heading(second, "Where you are signed in");
    await expect.poll(() => second.locator(".devices li").count()).toBe(1);
    expect(await script.json("GET", "/session")).toEqual({ state: "none", ended: "revoked" });
  });

  it("[L02] [L06] [L09] warns in both tabs, and one action in one of them extends both; focus comes back", async () => {
    await open(first, "/account");
    await open(second, "/devices");
    await first.getByRole("button", { name: "Stay signed in" }).click();
    await first.locator(".toast", { hasText: "whole time again" }).waitFor();
    const greeting = first.getByLabel("Greeting in the shop");
    await greeting.focus();
    await advance(IDLE - WARN - 2 * SECOND);
    expect(await first.getByRole("alertdialog").count()).toBe(0);
    await advance(4 * SECOND);
    await stay(first).waitFor();
    await stay(second).waitFor();
    expect(await stay(first).evaluate((button) => button === document.activeElement)).toBe(true);
    expect(await first.getByRole("alertdialog").textContent()).toContain("20 seconds left.");
    const ring = Number(await first.locator(".ring b").textContent());
    await advance(3 * SECOND);
    expect(Number(await first.locator(".ring b").textContent())).toBe(ring - 3);
    await shoot(first, "warning");

    await first.keyboard.press("Enter");
    await first.getByRole("alertdialog").waitFor({ state: "hidden" });
    await advance(SECOND);
    await second.getByRole("alertdialog").waitFor({ state: "hidden" });
    expect(await greeting.evaluate((field) => field === document.activeElement)).toBe(true);
    expect(await first.evaluate(async () => ((await (await fetch("/session")).json()) as { idleIn: number }).idleIn)).toBeGreaterThanOrEqual(IDLE / SECOND - 2);
  });

  it("ends both tabs when nobody is there, says why, and leaves nothing behind", async () => {
    await advance(IDLE - WARN + 5 * SECOND);
    await stay(first).waitFor();
    await advance(WARN);
    await Promise.all([heading(first, "You were signed out because of inactivity"), heading(second, "You were signed out because of inactivity")]);
    expect(new URL(second.url()).searchParams.get("next")).toBe("/devices");
    await shoot(first, "ended-idle");
    expect(await context.cookies()).toEqual([]);
    await first.goBack();
    await ready(first);
    expect(await first.locator("main").textContent()).not.toContain("Session id");
    await open(first, "/account");
    await heading(first, "Come aboard");
    await second.getByRole("link", { name: "Sign in again" }).click();
    await heading(second, "Come aboard");
    await fillIn(second);
    await heading(second, "Where you are signed in");
  });

  it("signs the other tab out too", async () => {
    await open(first, "/account");
    await heading(first, "Your session");
    await second.getByRole("button", { name: "Sign out", exact: true }).first().click();
    // The other tabs are asked first whether there is something to save.
    await advance(SECOND);
    await heading(second, "You are signed out");
    await advance(SECOND);
    await heading(first, "You are signed out");
    expect(await context.cookies()).toEqual([]);
    await shoot(first, "signed-out");
  });

  it("signs out everywhere", async () => {
    const phone = new Browserlike(pages.url);
    await phone.signIn();
    await signIn(first);
    await advance(FRESH);
    await first.getByRole("button", { name: "Sign out everywhere" }).click();
    await heading(first, "Is it still you?");
    await first.getByLabel("Password of ada").fill("correct-horse");
    await first.keyboard.press("Enter");
    await first.getByLabel("Password of ada").waitFor({ state: "detached" });
    await advance(SECOND);
    await heading(first, "You are signed out");
    expect((await phone.json<{ state: string }>("GET", "/session")).state).toBe("none");
  });

  it("[L03] ends at the absolute limit although the person is busy, and says so in advance", async () => {
    // A sign-in that began at the very moment of "everywhere" would be refused with the rest.
    await advance(SECOND);
    await signIn(first);
    await second.close();
    for (let passed = 0; passed < ABSOLUTE - 30 * SECOND; passed += 30 * SECOND) {
      await advance(30 * SECOND);
      await first.getByRole("button", { name: "Stay signed in" }).click();
      await first.locator(".toast", { hasText: "whole time again" }).waitFor();
    }
    const greeting = first.getByLabel("Greeting in the shop");
    await greeting.focus();
    expect(await first.getByRole("alertdialog").count()).toBe(0);
    await advance(15 * SECOND);
    const notice = first.getByRole("alertdialog", { name: "The watch is nearly over" });
    await notice.waitFor();
    expect(await stay(first).count()).toBe(0);
    await shoot(first, "warning-absolute");
    await first.keyboard.press("Escape");
    await notice.waitFor({ state: "hidden" });
    expect(await greeting.evaluate((field) => field === document.activeElement)).toBe(true);
    await advance(15 * SECOND);
    await heading(first, "Your watch is over");
  });

  it("is operable by keyboard from the first stop", async () => {
    await open(first, "/");
    await first.locator("body").press("Tab");
    await first.keyboard.press("Enter");
    // Told of by another way than the key was pressed.
    await expect.poll(() => new URL(first.url()).hash).toBe("#main");
    await first.getByRole("link", { name: "Session", exact: true }).focus();
    await first.keyboard.press("Enter");
    await heading(first, "Come aboard");
    expect(await first.evaluate(() => document.activeElement?.tagName)).toBe("H1");
  });

  it("raised no error and broke no rule of its content security policy", () => {
    expect(pages.complaints).toEqual([]);
  });

  it("[L02] was told on the console that an absolute limit of ten idle times leaves no room for ten extensions", () => {
    expect([...pages.warned]).toEqual([expect.stringContaining("WCAG 2.2.1")]);
  });
});
