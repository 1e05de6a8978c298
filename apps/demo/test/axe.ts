import { fileURLToPath } from "node:url";
import type { AxeResults } from "axe-core";
import axe from "axe-core";
import type { Page } from "playwright-core";

export const SHOTS = fileURLToPath(new URL("../../../.reports/screenshots/", import.meta.url));

/** What axe finds wrong with the page as it is now, one line each. It runs beside the page's scripts, so neither their clock nor their CSP is in its way. */
export async function axeFindings(page: Page): Promise<string[]> {
  const session = await page.context().newCDPSession(page);
  const { frameTree } = await session.send("Page.getFrameTree");
  const { executionContextId: contextId } = await session.send("Page.createIsolatedWorld", { frameId: frameTree.frame.id, worldName: "axe" });
  await session.send("Runtime.evaluate", { contextId, expression: axe.source });
  const options = { resultTypes: ["violations", "incomplete"], runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] };
  const { result, exceptionDetails } = await session.send("Runtime.evaluate", { contextId, awaitPromise: true, returnByValue: true, expression: `axe.run(document, ${JSON.stringify(options)})` });
  await session.detach();
  if (exceptionDetails) throw new Error(JSON.stringify(exceptionDetails));
  const { violations, passes } = result.value as AxeResults;
  if (passes.length === 0) throw new Error("axe looked at nothing");
  return violations.flatMap(({ id, help, nodes }) => nodes.map(({ html, failureSummary = "" }) => `${id}: ${help}: ${html} ${failureSummary}`));
}
