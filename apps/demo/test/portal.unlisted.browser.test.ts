import { fileURLToPath } from "node:url";
import { createMemoryStore } from "@holdfast/session-core/memory";
import type { SessionStore } from "@holdfast/session-core/store";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { chromiumHere, launchChromium } from "../../../tools/lib/chromium.ts";
import { loadClient } from "../src/server/client-files.ts";
import { manualClock, type Running, startInside } from "./portal-process.ts";

describe.skipIf(!chromiumHere("the portal without a list of sessions is"))("the portal in Chromium on a store that cannot list sessions", () => {
  let portal: Running;
  let browser: Browser;
  let page: Page;
  beforeAll(async () => {
    const client = loadClient(fileURLToPath(new URL("../dist/client", import.meta.url)));
    if (!client) throw new Error("apps/demo is not built; run the build first.");
    const clock = manualClock(Date.now());
    const { list: _list, endAll: _endAll, ...verbs } = createMemoryStore({ clock });
    const store: SessionStore = { ...verbs, capabilities: { ...verbs.capabilities, index: false } };
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

  it("offers no sign-out everywhere and no list of devices, says why, and signs out", async () => {
    const why = page.getByText("a store that cannot list them");
    await why.waitFor();
    expect(await page.getByRole("button", { name: "Sign out everywhere" }).count()).toBe(0);
    await page.getByRole("link", { name: "Devices" }).click();
    await page.getByRole("heading", { level: 1, name: "Where you are signed in" }).waitFor();
    await why.waitFor();
    expect(await page.getByRole("button", { name: "End all others" }).count()).toBe(0);
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByRole("heading", { level: 1, name: /signed out/i }).waitFor();
  });
});
