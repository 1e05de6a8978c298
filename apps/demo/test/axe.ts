import { fileURLToPath } from "node:url";
import type { AxeResults } from "axe-core";
import type { Page } from "playwright-core";
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
