import type { Page } from "./page.ts";
import type { World } from "./world.ts";

// What browsers do with pages, in the order of events that the HTML standard and the Page Lifecycle draft give.

export function hide(page: Page): void {
  page.turn("hidden");
}

export function show(page: Page): void {
  page.turn("visible");
  page.dispatch("focus");
}

/** Nothing of it runs any more, and what comes waits. */
export function freeze(world: World, page: Page): void {
  hide(page);
  page.dispatch("freeze");
  page.frozen = true;
  world.tasks.halt(page);
}

export function resume(world: World, page: Page): void {
  page.frozen = false;
  world.tasks.goOn(page);
  page.dispatch("resume");
}

/** Into the back-forward cache. */
export function leave(world: World, page: Page): void {
  page.dispatch("pagehide", { persisted: true });
  hide(page);
  page.cached = true;
  world.tasks.halt(page);
  world.locks.cached(page);
}

/** And out of it again. */
export function comeBack(world: World, page: Page): void {
  page.cached = false;
  world.tasks.goOn(page);
  page.turn("visible");
  page.dispatch("pageshow", { persisted: true });
}

export function close(world: World, page: Page): void {
  page.dispatch("pagehide", { persisted: false });
  hide(page);
  world.drop(page, "closed");
}

export function goOffline(world: World): void {
  world.network.offline = true;
  for (const page of world.pages) world.task(page, world.hop(), "offline", () => page.dispatch("offline"));
}

export function goOnline(world: World): void {
  world.network.offline = false;
  for (const page of world.pages) world.task(page, world.hop(), "online", () => page.dispatch("online"));
}

/** How wide a clock that was changed is from the true time. */
export function setClock(world: World, wrong: number): void {
  world.wrong = wrong;
}
