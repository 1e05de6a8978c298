/** Where a browser keeps what an application stores: IndexedDB, the cache storage, `localStorage` and `sessionStorage`. */
export type Kept = "database" | "cache" | "local" | "session";

export interface WipeOptions {
  /** What survives the session, by its name: a theme, a cache of public files. Default: nothing. What Holdfast itself stores is never asked about. */
  readonly keep?: (kind: Kept, name: string) => boolean;
  /** Clients that do not share a session wipe separately, each under a name. Default: one for the origin. */
  readonly name?: string;
}

/** What is read of the state of a session client or an idle timer. */
interface Seen {
  readonly status: string;
  readonly known?: boolean;
  readonly confirmed?: boolean;
  readonly endsIn?: number;
  readonly view?: { readonly epoch: string };
}

/** A session client or an idle timer. */
interface Watched {
  subscribe(listener: (state: Seen) => void): () => void;
}

/** Our own, by key and value: the other tabs, and a sign-out that still waits for the server, need them. Idle timers have names of the application's choice. */
const OURS = /^session:(\/|wipe:)|^idle:.*"toldAt":/;

/** Where another tab holds a database open, not before that lets go; if the page is gone by then, the next one tries again. */
const drop = (database: string): Promise<unknown> => new Promise((resolve) => indexedDB.deleteDatabase(database).addEventListener("success", resolve));

/**
 * Wipes what the application stored in this browser when the session ends, however it ends: by sign-out, at a limit or by the server, also without network, and where
 * no page was open at that time as soon as one learns of it (OWASP ASVS 14.3.1). Not while the end is unconfirmed. A mark in the storage says that there is something to wipe: a
 * visitor who never signed in loses nothing, and one tab that is late nothing of the next session.
 *
 * @returns what ends it; on a server nothing happens
 */
export function wipeAtEnd(client: Watched, { keep = () => false, name = "" }: WipeOptions = {}): () => void {
  const mark = `session:wipe:${name}`;
  function items(storage: Storage, kind: Kept): void {
    for (const key of Object.keys(storage)) if (!OURS.test(key + storage.getItem(key)) && !keep(kind, key)) storage.removeItem(key);
  }

  async function stored(): Promise<void> {
    items(localStorage, "local");
    const databases = (await globalThis.indexedDB?.databases()) ?? [];
    const cached = (await globalThis.caches?.keys()) ?? [];
    await Promise.all([
      ...databases.map(({ name = "" }) => keep("database", name) || drop(name)),
      ...cached.map((name) => keep("cache", name) || caches.delete(name)),
    ]);
  }

  async function ended(storage: Storage, wipe: () => unknown): Promise<void> {
    const due = storage.getItem(mark);
    if (due === null) return;
    await wipe();
    // Another session may have begun meanwhile.
    if (storage.getItem(mark) === due) storage.removeItem(mark);
  }

  async function look({ endsIn, known, confirmed, view }: Seen): Promise<void> {
    if (endsIn !== undefined) {
      const due = view?.epoch ?? "1";
      for (const storage of [localStorage, sessionStorage]) if (storage.getItem(mark) !== due) storage.setItem(mark, due);
    } else if (known !== false && confirmed !== false) {
      await ended(sessionStorage, () => items(sessionStorage, "session"));
      await ended(localStorage, stored);
    }
  }

  // Where storage is forbidden there is nothing to wipe.
  return typeof document === "undefined" ? () => undefined : client.subscribe((state) => void look(state).catch(() => undefined));
}
