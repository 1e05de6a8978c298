import { fileURLToPath } from "node:url";
import { createMemoryStore } from "@holdfast/session-core/memory";
import { sealedSessions } from "@holdfast/session-core/sealed";
import type { SessionStore } from "@holdfast/session-core/store";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { chromiumHere, launchChromium } from "../../../tools/lib/chromium.ts";
import { loadClient } from "../src/server/client-files.ts";
import { Browserlike } from "./browserlike.ts";
import { manualClock, type Running, startInside } from "./portal-process.ts";

const here = chromiumHere("the portal without a list of sessions is");
const PLACES = [
  ["on a store", false],
  ["on a store", true],
  ["in sealed cookies", false],
  ["in sealed cookies", true],
] as const;
describe.skipIf(!here).each(PLACES)("the portal in Chromium, sessions %s where nobody can list them; all of them can be ended: %s", (place, endsAll) => {
  let portal: Running;
  let browser: Browser;
  let page: Page;
  beforeAll(async () => {
    const client = loadClient(fileURLToPath(new URL("../dist/client", import.meta.url)));
    if (!client) throw new Error("apps/demo is not built; run the build first.");
    const clock = manualClock(Date.now());
    const memory = createMemoryStore({ clock });
    const { list: _list, endAll, ...verbs } = memory;
    const plain: SessionStore = { ...verbs, ...(endsAll && { endAll }), capabilities: { ...verbs.capabilities, index: false } };
    const store = place === "on a store" ? plain : sealedSessions(endsAll ? { revocations: { store: memory } } : {});
    portal = await startInside(clock, { client, store });
    browser = await launchChromium();
    page = await (await browser.newContext()).newPage();
    await page.goto(`${portal.url}/sign-in`);
    await page.getByLabel("Name").fill("ada");
    await page.getByLabel("Password").fill("correct-horse");
    await page.getByLabel("Password").press("Enter");
    await page.getByRole("heading", { level: 1, name: "Your session" }).waitFor();
  });
  afterAll(async () => {
    await browser?.close();
    await portal?.stop();
  });

  it("offers no list of devices and says why, a sign-out everywhere where there is one, and signs out", async () => {
    const why = page.getByText("where nobody can list them");
    await why.waitFor();
    expect(await page.getByRole("button", { name: "Sign out everywhere" }).count()).toBe(endsAll ? 1 : 0);
    await page.getByRole("link", { name: "Devices" }).click();
    await page.getByRole("heading", { level: 1, name: "Where you are signed in" }).waitFor();
    await why.waitFor();
    expect(await page.getByRole("button", { name: "End all others" }).count()).toBe(0);
    const phone = new Browserlike(portal.url);
    await phone.signIn();
    await page.getByRole("link", { name: "Back to the session" }).click();
    await page.getByRole("region", { name: "Going ashore" }).getByRole("button", { name: endsAll ? "Sign out everywhere" : "Sign out", exact: true }).click();
    await page.getByRole("heading", { level: 1, name: /signed out/i }).waitFor();
    expect(await phone.json("GET", "/session")).toMatchObject({ state: endsAll ? "none" : "active" });
  });
});
