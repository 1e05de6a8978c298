import { fileURLToPath } from "node:url";
import type { AxeResults } from "axe-core";
import type { Page } from "playwright-core";
import { expect } from "vitest";
import { AXE_OPTIONS, axeScript, findingsOf } from "../../../tools/lib/axe.ts";

export const SHOTS = fileURLToPath(new URL("../../../.reports/screenshots/", import.meta.url));

/** What axe finds wrong with the page as it is now, one line each. It runs beside the page's scripts, so neither their clock nor their CSP is in its way. */
export async function axeFindings(page: Page): Promise<string[]> {
  const session = await page.context().newCDPSession(page);
  const { frameTree } = await session.send("Page.getFrameTree");
  const { executionContextId: contextId } = await session.send("Page.createIsolatedWorld", { frameId: frameTree.frame.id, worldName: "axe" });
  await session.send("Runtime.evaluate", { contextId, expression: axeScript });
  const { result, exceptionDetails } = await session.send("Runtime.evaluate", { contextId, awaitPromise: true, returnByValue: true, expression: `axe.run(document, ${JSON.stringify(AXE_OPTIONS)})` });
  await session.detach();
  if (exceptionDetails) throw new Error(JSON.stringify(exceptionDetails));
  return findingsOf(result.value as AxeResults);
}

const LOOKS = [
  ["light", { width: 1200, height: 850 }],
  ["dark", { width: 1200, height: 850 }],
  ["phone", { width: 375, height: 740 }],
] as const;

/** Pictures of a page in each look, in which nothing scrolls sideways and axe finds nothing. */
export async function shoot(page: Page, name: string): Promise<void> {
  for (const [look, size] of LOOKS) {
    // Without motion: halfway between two looks no colours have contrast.
    await page.emulateMedia({ colorScheme: look === "dark" ? "dark" : "light", reducedMotion: "reduce" });
    await page.setViewportSize(size);
    await page.evaluate(() => scrollTo(0, 0));
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    expect(overflow, `${name} ${look} scrolls sideways`).toBeLessThanOrEqual(0);
    expect(await axeFindings(page), `${name} ${look}`).toEqual([]);
    await page.screenshot({ path: `${SHOTS}${name}-${look}.png`, fullPage: !name.startsWith("warning"), animations: "disabled" });
  }
  await page.emulateMedia({ colorScheme: "light", reducedMotion: "no-preference" });
  await page.setViewportSize({ width: 1200, height: 850 });
}
