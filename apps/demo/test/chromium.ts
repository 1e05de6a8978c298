import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { AxeResults } from "axe-core";
import axe from "axe-core";
import { type Browser, chromium, type Page } from "playwright-core";

const CHROMIUM = process.env["CHROMIUM_PATH"] ?? "/usr/bin/chromium";
const FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];

export const SHOTS = fileURLToPath(new URL("../../../.reports/screenshots/", import.meta.url));

/** Whether there is a Chromium; says so aloud if not, and in CI it is no option. */
export function chromiumHere(what: string): boolean {
  if (existsSync(CHROMIUM)) return true;
  const words = `No Chromium at ${CHROMIUM}: ${what} NOT tested in a browser. Install it (apt-get install chromium) or set CHROMIUM_PATH.`;
  if (process.env["CI"]) throw new Error(words);
  console.warn(`\n  SKIPPED: ${words}\n`);
  return false;
}

export const launch = (): Promise<Browser> => chromium.launch({ executablePath: CHROMIUM, args: FLAGS });

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
