import type { Page } from "./environment.ts";

// No `scroll`: a page that scrolls itself makes trusted ones.
const ACTIVITY = ["pointerdown", "pointermove", "keydown", "touchstart", "wheel"] as const;

export interface Heard {
  /** The user did something, as far as the browser vouches for it. */
  activity(): void;
  /** Time may have passed unnoticed: look again. `certain` when the page comes from a cache or the network came back. */
  wake(certain: boolean): void;
  /** Another tab changed the record with this key. */
  stored(key: string | null): void;
}

/** Listens to everything that can mean activity or the passing of time; returns what stops it. No `unload`: the page stays cacheable. */
export function listenTo({ window, document }: Page, heard: Heard): () => void {
  const controller = new AbortController();
  const { signal } = controller;
  const on = (target: Pick<EventTarget, "addEventListener">, type: string, listener: (event: Event) => void): void =>
    target.addEventListener(type, listener, { passive: true, capture: true, signal });
  // Scripts can make events too; only the browser's own count.
  const active = (event: Event): void => void (event.isTrusted && heard.activity());
  for (const type of ACTIVITY) on(window, type, active);
  on(document, "visibilitychange", () => {
    if (document.visibilityState === "visible") heard.wake(false);
  });
  on(document, "resume", () => heard.wake(true));
  on(window, "focus", () => heard.wake(false));
  on(window, "online", () => heard.wake(true));
  on(window, "pageshow", (event) => {
    if ((event as PageTransitionEvent).persisted) heard.wake(true);
  });
  on(window, "storage", (event) => heard.stored((event as StorageEvent).key));
  return () => controller.abort();
}
