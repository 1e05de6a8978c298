import type { IndexedStore, Partition, SessionId, SessionStore, StoredSession, StoreOptions, SubjectIndex } from "@holdfast/session-core/store";
import type { MemcachedStore } from "@holdfast/store-memcached";

/** Ids of sessions with a subject, as one test made them through all its connections. */
export type Made = Set<SessionId>;

/**
 * A memcached store with the index that it has not, from what a test remembers. So the cases about `endAll`, which need a list to look at, can be asked of
 * it, and the core asks it to end all sessions of somebody.
 */
export function indexed(store: MemcachedStore, made: Made): SessionStore & SubjectIndex {
  const rowsOf = async (partition: Partition, how?: StoreOptions): Promise<StoredSession[]> => {
    const found = await Promise.all([...made].filter((id) => id.startsWith(partition)).map((id) => store.read(id, how)));
    return found.filter((row) => row !== null).sort((a, b) => b.createdAt - a.createdAt || (a.id < b.id ? 1 : -1));
  };
  const list = async (partition: Partition, how?: StoreOptions): Promise<StoredSession[]> => {
    const rows = await rowsOf(partition, how);
    // To a moment that is past: nothing is written.
    const live = await Promise.all(rows.map(({ id }) => store.touch(id, 0, 0, how)));
    return rows.filter((_, i) => live[i] === "touched");
  };
  const capabilities: IndexedStore["capabilities"] = { ...store.capabilities, index: true };
  return {
    ...store,
    capabilities,
    async create(row, guard, options) {
      if (guard) made.add(row.id);
      return store.create(row, guard, options);
    },
    list: async (partition, options) => ({ rows: await list(partition, options) }),
    async endAll(partition, tombstone, options) {
      const { notBefore } = await store.endAll(partition, tombstone, options);
      const ended = (await rowsOf(partition)).filter(({ writeId }) => writeId === tombstone.writeId);
      return { notBefore, ended: ended.map(({ id }) => id) };
    },
  };
}
