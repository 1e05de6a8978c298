/** The parts of the platform the client uses. Each can be replaced: by tests, by another runtime, by nothing. */
export interface Environment {
  readonly fetch: typeof globalThis.fetch;
  /** Wall clock in ms, shared with other tabs through the record. */
  readonly now: () => number;
  /** Monotonic clock in ms: where it and the wall clock part, the machine slept or its clock was changed. */
  readonly monotonic: () => number;
  readonly setTimer: (work: () => void, ms: number) => () => void;
  readonly storage: Pick<Storage, "getItem" | "setItem" | "removeItem">;
  readonly channel: (name: string, heard: () => void) => { post(): void; close(): void };
  /** Where activity, visibility and lifecycle events come from; `undefined` on a server. */
  readonly page: Page | undefined;
}

/** The smallest part of window and document that is listened to. */
export interface Page {
  readonly window: Pick<Window, "addEventListener" | "removeEventListener">;
  readonly document: Pick<Document, "addEventListener" | "removeEventListener" | "visibilityState">;
  /** Address of the page, for relative requests. */
  readonly url: () => string;
}

/** What the browser offers, looked up at first use so that importing and constructing is safe on a server. */
export function browserEnvironment(): Environment {
  const page = typeof window === "undefined" ? undefined : { window, document, url: () => location.href };
  return {
    fetch: (input, init) => globalThis.fetch(input, init),
    now: () => Date.now(),
    monotonic: () => performance.now(),
    setTimer(work, ms) {
      const id = setTimeout(work, ms);
      return () => clearTimeout(id);
    },
    storage: page ? safeStorage() : memoryStorage(),
    channel: openChannel,
    page,
  };
}

/** Storage that a browser setting forbids is replaced by memory: one tab then knows only of itself. */
function safeStorage(): Environment["storage"] {
  try {
    const { localStorage } = window;
    localStorage.getItem("");
    return localStorage;
  } catch {
    return memoryStorage();
  }
}

/** A full storage costs the sharing between tabs, not the session: what it does not take is kept in memory. Removing removes both. */
export function resilient(storage: Environment["storage"]): Environment["storage"] {
  const kept = memoryStorage();
  return {
    getItem: (key) => kept.getItem(key) ?? storage.getItem(key),
    setItem(key, value) {
      kept.removeItem(key);
      try {
        storage.setItem(key, value);
      } catch {
        kept.setItem(key, value);
      }
    },
    removeItem(key) {
      kept.removeItem(key);
      storage.removeItem(key);
    },
  };
}

/** What one tab remembers when it may not store anything. */
function memoryStorage(): Environment["storage"] {
  const items = new Map<string, string>();
  return { getItem: (key) => items.get(key) ?? null, setItem: (key, value) => void items.set(key, value), removeItem: (key) => void items.delete(key) };
}

/** A hint without content: look at the record. It also makes browsers drop pages of this session from their back-forward cache. */
function openChannel(name: string, heard: () => void): ReturnType<Environment["channel"]> {
  if (typeof BroadcastChannel === "undefined") return { post: () => undefined, close: () => undefined };
  const channel = new BroadcastChannel(name);
  channel.addEventListener("message", heard);
  return { post: () => channel.postMessage(0), close: () => channel.close() };
}
