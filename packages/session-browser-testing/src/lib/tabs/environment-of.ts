import type { Environment } from "@holdfast/session-browser";
import type { Page } from "./page.ts";
import type { World } from "./world.ts";

/** The platform as one page sees it. */
export function environmentOf(world: World, page: Page): Environment {
  return {
    fetch: (input, init) => world.network.fetch(page, input, init),
    now: () => world.wall(),
    monotonic: () => page.monotonic(),
    setTimer: (work, ms) => page.setTimer(work, ms),
    storage: {
      getItem: (key) => world.items.get(key) ?? null,
      setItem: (key, value) => world.store(page, key, value),
      removeItem: (key) => world.store(page, key, undefined),
    },
    channel(name, heard) {
      const all = page.channels.get(name) ?? new Set();
      page.channels.set(name, all.add(heard));
      return { post: (hint) => world.post(page, name, hint), close: () => void all.delete(heard) };
    },
    random: world.random,
    locks: world.options.locks === false ? undefined : ({ request: (name: string, options: LockOptions, work: (lock: null) => unknown) => world.locks.request(page, name, options.signal, () => work(null)) } as unknown as LockManager),
    cookies: page.cookies,
    page: { window: page.window, document: page.document as unknown as Document, url: () => page.document.baseURI },
  };
}
