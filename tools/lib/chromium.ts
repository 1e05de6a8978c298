import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";
import { browserFor, CHROMIUM_FLAGS } from "./browsers.ts";
import { task } from "../../apps/engines/src/page/task.ts";

const SECOND = 1000;

/** Whether there is a Chromium; says so aloud if not, and in CI it is no option. */
export const chromiumHere = (what: string): boolean => browserFor("chromium", what) !== undefined;

export function launchChromium(): Promise<Browser> {
  const executablePath = browserFor("chromium", "everything is");
  return chromium.launch({ timeout: 120_000, ...(executablePath === undefined ? {} : { executablePath }), args: [...CHROMIUM_FLAGS] });
}

/** A server's clock that is moved by hand. */
export interface MovedClock {
  now(): number;
  advance(ms: number): void;
}

/**
 * Puts all pages of a context, those to come too, under the clock of their server. Returns what moves both, a second at a time: pages run their timers,
 * requests are real. Between two steps nothing is under way: an answer that was made after the clock went on, to a question that was sent before it,
 * is what a slow network is to the page, and would depend on the speed of the machine.
 */
export async function oneClock(context: BrowserContext, clock: MovedClock): Promise<(ms: number) => Promise<void>> {
  await context.clock.install({ time: clock.now() - SECOND });
  await context.clock.pauseAt(clock.now());
  await context.addInitScript({ content: `(${String(watchWork)})(${String(task)})` });
  const quiet = async (): Promise<void> => void (await Promise.all(context.pages().map(quietOf)));
  return async (ms) => {
    await quiet();
    for (let moved = 0; moved < ms; moved += SECOND) {
      const step = Math.min(SECOND, ms - moved);
      clock.advance(step);
      await context.clock.runFor(step);
      await quiet();
    }
  };
}

async function quietOf(page: Page): Promise<void> {
  try {
    await page.evaluate(() => (globalThis as { quiet?: () => Promise<void> }).quiet?.());
  } catch (error) {
    // It went to another address meanwhile: then that one.
    if (page.isClosed() || !/context was destroyed/.test(String(error))) throw error;
    await page.waitForLoadState();
    await quietOf(page);
  }
}

/** In the page: `quiet()` resolves when no request is under way, none waits for a lock, and what they led to has happened. */
function watchWork(task: () => Promise<unknown>): void {
  // The page before the first.
  if (!isSecureContext) return;
  // The clock that stands in for the browser's counts from where it was installed; a page's own begins with the page. Not before the page asks: until then that clock is set.
  let begun: number | undefined;
  const sinceInstalled = performance.now.bind(performance);
  performance.now = () => sinceInstalled() - (begun ??= sinceInstalled());
  const underWay = new Set<Promise<unknown>>();
  const watched = <Result>(work: Promise<Result>, whole: Promise<unknown> = work): Promise<Result> => {
    const ended: Promise<unknown> = whole.then(
      () => underWay.delete(ended),
      () => underWay.delete(ended),
    );
    underWay.add(ended);
    return work;
  };
  const { fetch } = globalThis;
  const { locks } = navigator;
  const request = locks.request.bind(locks) as (...args: readonly unknown[]) => Promise<unknown>;
  Object.assign(globalThis, {
    fetch(...args: Parameters<typeof fetch>) {
      const answer = fetch(...args);
      // It is there when its body is.
      return watched(answer, answer.then(async (response) => response.clone().arrayBuffer()));
    },
    async quiet() {
      for (let calm = 0; calm < 3; calm++) {
        if (underWay.size > 0) calm = 0;
        await Promise.all(underWay);
        await task();
      }
    },
  });
  Object.defineProperty(locks, "request", { value: (...args: readonly unknown[]) => watched(request(...args)) });
}
