import type { Partition, SessionStore, StoreCapabilities, SubjectIndex } from "@holdfast/session-core/store";
import { heed, partitionOf } from "@holdfast/session-core/store-kit";
import type { SessionsObject } from "./sessions-object.ts";

type Verb = "read" | "create" | "update" | "touch" | "end" | "delete" | "list" | "endAll";
/** The methods of {@link SessionsObject}, as they look from outside. */
type Stub = { readonly [Name in Verb]: (...args: Parameters<SessionsObject[Name]>) => Promise<Awaited<ReturnType<SessionsObject[Name]>>> };

/** The part of the binding `DurableObjectNamespace<SessionsObject>` that is used. */
export interface SessionsNamespace<Id = unknown> {
  idFromName(name: string): Id;
  get(id: Id): Stub;
}

/** It needs no sweeper: each object removes what has expired. */
export interface DurableObjectStore extends SessionStore, SubjectIndex {
  readonly capabilities: StoreCapabilities & { readonly index: true };
}

/**
 * Sessions in Durable Objects, one for each partition: all sessions of a subject are in one object, which is a single thread with a database of its own. Each
 * verb is one call to one object. Faults of the platform reject as they are.
 */
export function createDurableObjectStore<Id>(namespace: SessionsNamespace<Id>): DurableObjectStore {
  /** A stub for this call alone: one that has met a fault stays broken, and none may be used by another request. */
  const call = async <T>(partition: Partition, signal: AbortSignal | undefined, work: (object: Stub) => Promise<T>): Promise<T> => {
    signal?.throwIfAborted();
    return heed(signal, work(namespace.get(namespace.idFromName(partition))));
  };

  return {
    capabilities: { index: true, clock: "engine", durability: "replicated", evicts: false },

    read: (id, { signal } = {}) => call(partitionOf(id), signal, (object) => object.read(id)),
    create: (row, guard, { signal } = {}) => call(partitionOf(row.id), signal, (object) => object.create(row, guard)),
    update: (row, expectedRevision, { signal } = {}) => call(partitionOf(row.id), signal, (object) => object.update(row, expectedRevision)),
    touch: (id, seenAt, expiresAt, { signal } = {}) => call(partitionOf(id), signal, (object) => object.touch(id, seenAt, expiresAt)),
    end: (id, tombstone, { signal, ifRevision } = {}) => call(partitionOf(id), signal, (object) => object.end(id, tombstone, ifRevision)),
    delete: (id, { signal } = {}) => call(partitionOf(id), signal, (object) => object.delete(id)),
    list: (partition, { signal, limit = 100, cursor } = {}) => call(partition, signal, (object) => object.list(limit, cursor)),
    endAll: (partition, tombstone, { signal, except } = {}) => call(partition, signal, (object) => object.endAll(tombstone, except)),
  };
}
