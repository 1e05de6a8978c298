import { fileURLToPath } from "node:url";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { launchChromium, oneClock } from "../../../tools/lib/chromium.ts";
import { loadClient } from "../src/server/client-files.ts";
import { manualClock, startInside } from "./portal-process.ts";

/** The portal with its pages in a Chromium of its own, under one clock. */
export interface Pages {
  readonly url: string;
  readonly context: BrowserContext;
  /** What pages said on the console that no test provoked. */
  readonly complaints: readonly string[];
  readonly warned: ReadonlySet<string>;
  newTab(path: string): Promise<Page>;
  open(page: Page, path: string): Promise<void>;
  signIn(page: Page): Promise<void>;
  /** Time goes by for server and pages, a second at a time. */
  advance(ms: number): Promise<void>;
  /** Only the server's time goes by, as while the machine with the browser sleeps. */
  sleep(ms: number): void;
  close(): Promise<void>;
}

export async function openPages(options: Omit<Parameters<typeof startInside>[1], "client" | "store">): Promise<Pages> {
  const client = loadClient(fileURLToPath(new URL("../dist/client", import.meta.url)));
  if (!client) throw new Error("apps/demo is not built; run the build first.");
  const clock = manualClock(Date.now());
  const portal = await startInside(clock, { client, ...options });
  const browser: Browser = await launchChromium();
  const context = await browser.newContext({ viewport: { width: 1200, height: 850 } });
  context.setDefaultTimeout(60_000);
  const advance = await oneClock(context, clock);
  const complaints: string[] = [];
  const warned = new Set<string>();
  const open = async (page: Page, path: string): Promise<void> => {
    await page.goto(portal.url + path);
    await ready(page);
  };
  return {
    url: portal.url,
    context,
    complaints,
    warned,
    async newTab(path) {
      const page = await context.newPage();
      page.on("pageerror", (error) => complaints.push(String(error)));
      page.on("console", (message) => {
        // A refusal that a test provokes is no complaint; a blocked script or style is.
        if (message.type() === "error" && !message.text().startsWith("Failed to load resource")) complaints.push(message.text());
        if (message.type() === "warning") warned.add(message.text());
      });
      await open(page, path);
      return page;
    },
    open,
    async signIn(page) {
      await open(page, "/sign-in");
      await fillIn(page);
      await heading(page, "Your session");
    },
    advance,
    sleep: (ms) => clock.advance(ms),
    async close() {
      await browser.close();
      await portal.stop();
    },
  };
}

export const ready = (page: Page): Promise<void> => page.locator("main h1").first().waitFor();

export const heading = (page: Page, text: string): Promise<void> => page.getByRole("heading", { level: 1, name: text }).waitFor();

export async function fillIn(page: Page): Promise<void> {
  await page.getByLabel("Name").fill("ada");
  await page.getByLabel("Password").fill("correct-horse");
  await page.getByLabel("Password").press("Enter");
}
