/** The parts of the platform the client uses. Each can be replaced: by tests, by another runtime, by nothing. */
export interface Environment extends Surroundings {
  readonly fetch: typeof globalThis.fetch;
  /** At least 0, less than 1; spreads what many tabs or many browsers would do at once. */
  readonly random: () => number;
  /** One lock for one question to the server at a time; `undefined` where there are none: then a lease in the storage does. */
  readonly locks: Pick<LockManager, "request"> | undefined;
  /** The cookie store, for the `hintCookie`; `undefined` where there is none. */
  readonly cookies: Pick<EventTarget, "addEventListener"> | undefined;
}

/** The part of it that an idle timer needs. */
export interface Surroundings {
  /** Wall clock in ms, shared with other tabs through the record. */
  readonly now: () => number;
  /** Monotonic clock in ms since the page began to load: where it and the wall clock part, the machine slept or its clock was changed. */
  readonly monotonic: () => number;
  readonly setTimer: (work: () => void, ms: number) => () => void;
  /** What tabs share. It may throw: then this tab goes on by itself. */
  readonly storage: Pick<Storage, "getItem" | "setItem" | "removeItem">;
  /** Hints between tabs, one word each. It stays open while the page is in the back-forward cache: a message makes browsers drop such a page. */
  readonly channel: (name: string, heard: (hint: unknown) => void) => { post(hint: Hint): void; close(): void };
  /** Where activity, visibility and lifecycle events come from; `undefined` on a server. */
  readonly page: Page | undefined;
}

/** `over`: look at the record, a session ended. `leaving`: one is about to, save what is not saved; `saving` and `saved` are what tabs answer that do. */
export type Hint = "over" | "leaving" | "saving" | "saved";

/** The smallest part of window and document that is used. */
export interface Page {
  /** All events are caught here on their way down, those of the document too. */
  readonly window: Pick<EventTarget, "addEventListener">;
  readonly document: Pick<Document, "visibilityState" | "activeElement" | "baseURI">;
  /** Address of the page: what is its own origin. */
  readonly url: () => string;
}

/** What the browser offers. Nothing is touched before it is used: importing and constructing is safe on a server. */
export function surroundings(given: Partial<Surroundings> = {}): Surroundings {
  const page = typeof document === "undefined" ? undefined : { window: globalThis, document, url: () => location.href };
  return {
    now: () => Date.now(),
    monotonic: () => performance.now(),
    setTimer(work, ms) {
      const id = setTimeout(work, ms);
      return () => clearTimeout(id);
    },
    channel: openChannel,
    page,
    ...given,
    storage: sturdy(() => given.storage ?? (page && localStorage)),
  };
}

/** The same with the rest, for those who ask the server. */
export const environmentOf = (given: Partial<Environment> = {}): Environment => ({
  fetch: (input, init) => globalThis.fetch(input, init),
  random: Math.random,
  locks: typeof document === "undefined" ? undefined : navigator.locks,
  cookies: (globalThis as { cookieStore?: EventTarget }).cookieStore,
  ...given,
  ...surroundings(given),
});

/** A storage that is forbidden or full costs the sharing between tabs, not the session: what it does not take is kept in memory. */
function sturdy(storage: () => Environment["storage"] | undefined): Environment["storage"] {
  const kept = new Map<string, string>();
  const attempt = <T>(work: (storage: Environment["storage"]) => T): T | undefined => {
    try {
      const there = storage();
      return there && work(there);
    } catch {
      return undefined;
    }
  };
  return {
    getItem: (key) => kept.get(key) ?? attempt((there) => there.getItem(key)) ?? null,
    setItem(key, value) {
      kept.delete(key);
      if (!attempt((there) => (there.setItem(key, value), true))) kept.set(key, value);
    },
    removeItem(key) {
      kept.delete(key);
      attempt((there) => there.removeItem(key));
    },
  };
}

function openChannel(name: string, heard: (hint: unknown) => void): ReturnType<Environment["channel"]> {
  const channel = typeof BroadcastChannel === "undefined" ? undefined : new BroadcastChannel(name);
  channel?.addEventListener("message", ({ data }) => heard(data));
  return { post: (hint) => channel?.postMessage(hint), close: () => channel?.close() };
}
