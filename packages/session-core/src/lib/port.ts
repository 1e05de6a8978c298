import type { Millis } from "@holdfast/session-protocol";

declare const brand: unique symbol;

/** 24 base64url characters: 12 of partition, 12 of nonce. Public; authenticates nobody. */
export type SessionId = string & { readonly [brand]: "SessionId" };

/** The first 12 characters of a {@link SessionId}: all sessions of one subject share it. Random for a guest. */
export type Partition = string & { readonly [brand]: "Partition" };

/** One row. Stores keep it as it is and never look into `body`. */
export interface StoredSession {
  readonly id: SessionId;
  /** 0 at creation, greater with each `update`: by a random step, so that two rows with one history never share it by chance. */
  readonly revision: number;
  /** Random per write: after a lost acknowledgement, finding one's own writeId means that the write took effect. */
  readonly writeId: string;
  readonly createdAt: Millis;
  /** Last acknowledged activity. */
  readonly seenAt: Millis;
  /** From this moment on the row is absent, whether it was swept or not. */
  readonly expiresAt: Millis;
  readonly body: string;
}

export interface StoreOptions {
  /** Deadline of this call; a store rejects with the signal's reason once it fires. */
  readonly signal?: AbortSignal;
  /** The write must survive the loss of one node (Redis WAIT); ignored where `durability` is `single`. */
  readonly durable?: boolean;
}

export interface ReadOptions extends StoreOptions {
  /** No cache and no lagging replica may answer: every negative verdict is taken on such a read. */
  readonly authoritative?: boolean;
}

/** What is left of an ended session: it can be read until `expiresAt`, and never written again. */
export interface Tombstone {
  readonly writeId: string;
  readonly expiresAt: Millis;
  readonly body: string;
}

/** Given exactly for sessions that have a subject: only those are indexed, limited and refused by `notBefore`. */
export interface CreateGuard {
  /** When the first factor of this sign-in was accepted. */
  readonly began: Millis;
  /** Counts live rows of the partition. `evict-oldest` ends the ones with the smallest `createdAt` with `tombstone`. */
  readonly limit?: {
    readonly max: number;
    readonly whenFull: "reject" | "evict-oldest";
    readonly tombstone: Tombstone;
  };
  /**
   * A live row of the same partition whose place the new one takes: it is not counted for the limit and becomes this tombstone in the same
   * atomic step, and stays as it is when nothing is created. One that is missing changes nothing.
   */
  readonly replaces?: { readonly id: SessionId; readonly tombstone: Tombstone };
}

export interface CreateResult {
  /**
   * `exists`: a row with this id is there, live or ended. `revoked`: `guard.began <= notBefore` of the partition.
   * `full`: the limit is reached and `whenFull` is `reject`.
   */
  readonly outcome: "created" | "exists" | "revoked" | "full";
  readonly evicted: readonly SessionId[];
}

/**
 * Where sessions live: bytes, ids and deadlines, no cookies and no policy.
 *
 * - A row that is absent, expired (`expiresAt <= now`, even when not yet swept) or unreadable reads as `null`.
 * - Expected outcomes are words; only system faults reject.
 * - Each verb is atomic for its row: of N parallel `update`s with one expected revision exactly one is `updated`.
 * - No verb is an upsert: a late write cannot bring an ended or expired session back.
 * - `seenAt` and `expiresAt` of a live row never move backwards.
 * - Auxiliary rows (denylist, replay marks, aliases, the epoch of `revokeEverything`) come without a guard, like guests, and with
 *   `seenAt = expiresAt`, in the future: a store that makes room for others takes the guests seen longest ago, and never these.
 */
export interface SessionStore {
  readonly capabilities: StoreCapabilities;
  /** A tombstone is returned like a row, with its body, while it lasts. */
  read(id: SessionId, options?: ReadOptions): Promise<StoredSession | null>;
  /** Never overwrites. `row.revision` is 0. */
  create(row: StoredSession, guard?: CreateGuard, options?: StoreOptions): Promise<CreateResult>;
  /**
   * Replaces body, writeId and revision (`row.revision`, greater than `expectedRevision`); keeps `createdAt`, takes the greater `seenAt` and `expiresAt`.
   * `missing` for an absent, expired or ended row, `conflict` for another revision.
   */
  update(row: StoredSession, expectedRevision: number, options?: StoreOptions): Promise<"updated" | "missing" | "conflict">;
  /** Takes the greater of old and new for both; keeps revision, writeId and body. `missing` for an absent, expired or ended row. */
  touch(id: SessionId, seenAt: Millis, expiresAt: Millis, options?: StoreOptions): Promise<"touched" | "missing">;
  /**
   * Turns a live row into a tombstone, whatever its revision, and takes it out of the subject index and its limits.
   * From then on `update`, `touch` and `end` find it `missing`. With `ifRevision`, another revision is a `conflict` and changes nothing.
   */
  end(id: SessionId, tombstone: Tombstone, options?: StoreOptions & { readonly ifRevision?: number }): Promise<"ended" | "missing" | "conflict">;
  /** Removes the row or tombstone. Idempotent. */
  delete(id: SessionId, options?: StoreOptions): Promise<void>;
}

export interface ListPage {
  /** Live rows only, the newest `createdAt` first. */
  readonly rows: readonly StoredSession[];
  /** Pass it on to get the next page; absent on the last one. */
  readonly cursor?: string;
}

/** Optional power: to end all sessions of a subject. A store may have it without being able to list them. */
export interface SubjectEnder {
  /**
   * Ends every live row of the partition that was created with a guard, but `except`, and refuses later `create`s whose `began <= notBefore`, for 400 days.
   * Complete also against creates under way: a create that is not ended by this call is refused or began after it.
   * `ended` names them; it is empty where the store is no {@link SubjectIndex} and nobody knows which there were.
   */
  endAll(
    partition: Partition,
    tombstone: Tombstone,
    options?: StoreOptions & { readonly except?: SessionId },
  ): Promise<{ readonly notBefore: Millis; readonly ended: readonly SessionId[] }>;
}

/** Optional power: the sessions of a subject. Declared by `capabilities.index`. */
export interface SubjectIndex extends SubjectEnder {
  /** @param options.limit rows per page, default 100. */
  list(partition: Partition, options?: StoreOptions & { readonly limit?: number; readonly cursor?: string }): Promise<ListPage>;
}

/** Optional power: bounded removal of expired rows. */
export interface Sweeper {
  /**
   * Removes at most `limit` (default 1000) rows that had expired by `now`, and where the engine's clock decides by that as well: a server whose clock is ahead
   * removes nobody's live session. Returns how many.
   */
  sweep(now: Millis, limit?: number, options?: StoreOptions): Promise<number>;
}

export interface StoreCapabilities {
  /** The store is also a {@link SubjectIndex}. */
  readonly index: boolean;
  /** Whose clock decides about expiry and stamps `notBefore`. */
  readonly clock: "engine" | "caller";
  /** What an acknowledged write survives: the process and its disk, the loss of a node, or nothing promised. */
  readonly durability: "single" | "replicated" | "async" | "volatile";
  /** The engine may drop live rows of a subject to make room. */
  readonly evicts: boolean;
  /** `read` may answer from a copy unless it is asked to be authoritative. Absent where every read is. */
  readonly cached?: boolean;
  /** Every verb answers from this process, so that a deadline per call would only cost. Absent where a network is in between. */
  readonly inProcess?: boolean;
}

/** A store with everything: what the embedded stores are. */
export interface IndexedStore extends SessionStore, SubjectIndex, Sweeper {
  readonly capabilities: StoreCapabilities & { readonly index: true };
}
