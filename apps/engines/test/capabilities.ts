import { expect } from "vitest";
import { CAPABILITIES } from "../src/driver/capabilities.ts";
import type { Tab } from "../src/driver/types.ts";
import { POLL, type World } from "./world.ts";

const visibility = (tab: Tab): Promise<string> => tab.evaluate(() => document.visibilityState);

/** Fails when the engine can do less than the table says, or more: then runs would be left out that could be played. */
export async function asksCapabilities({ browser, plain }: World): Promise<void> {
  const { freeze, hidden, offline, cookieStore } = CAPABILITIES[browser.engine];
  const tab = await plain();
  expect(await tab.evaluate(() => ["cookieStore" in globalThis, "onfreeze" in document])).toEqual([cookieStore, freeze]);

  const online = (): Promise<boolean> => tab.evaluate(() => navigator.onLine);
  await expect(tab.offline(true).then(() => "taken", () => "kept")).resolves.toBe(offline ? "taken" : "kept");
  if (offline) {
    await expect.poll(online, POLL).toBe(false);
    await tab.offline(false);
  }
  await expect.poll(online, POLL).toBe(true);

  const other = await plain();
  await other.show();
  await other.move(10, 10);
  await expect.poll(() => visibility(tab), POLL).toBe(hidden ? "hidden" : "visible");
  expect(await visibility(other)).toBe("visible");
}
