import { DurableObject } from "cloudflare:workers";
import type { CreateGuard, CreateResult, ListPage, SessionId, StoredSession, Tombstone } from "@holdfast/session-core/store";
import type { ObjectState, ObjectStorage } from "./state.ts";
import { SubjectRows } from "./subject-rows.ts";

/** How long after an expiry the object cleans up, in ms: many expiries are one alarm, and a touch needs none. */
const GRACE = 300_000;

/**
 * The Durable Object of one partition: the sessions of one subject, or one guest, or one auxiliary row. Export it from your Worker as a class with SQLite
 * storage, and give its namespace to {@link createDurableObjectStore}. Its own clock decides. When nothing is left its alarm gives the storage back.
 *
 * Who has the namespace can call every method; they check nothing that the store does not.
 */
export class SessionsObject extends DurableObject {
  readonly #storage: ObjectStorage;
  readonly #rows: SubjectRows;

  constructor(state: ObjectState, env: unknown) {
    super(state, env);
    this.#storage = state.storage;
    this.#rows = new SubjectRows(state.storage);
  }

  read(id: SessionId): StoredSession | null {
    return this.#rows.read(id, Date.now());
  }

  async create(row: StoredSession, guard?: CreateGuard): Promise<CreateResult> {
    const alarm = await this.#storage.getAlarm();
    const result = this.#rows.create(row, guard, Date.now());
    if (result.outcome === "created") await this.#cleanUpAfter(row.expiresAt, alarm);
    return result;
  }

  update(row: StoredSession, expectedRevision: number): "updated" | "missing" | "conflict" {
    return this.#rows.update(row, expectedRevision, Date.now());
  }

  touch(id: SessionId, seenAt: number, expiresAt: number): "touched" | "missing" {
    return this.#rows.touch(id, seenAt, expiresAt, Date.now());
  }

  end(id: SessionId, tombstone: Tombstone, ifRevision?: number): "ended" | "missing" | "conflict" {
    return this.#rows.end(id, tombstone, ifRevision, Date.now());
  }

  delete(id: SessionId): void {
    this.#rows.delete(id);
  }

  list(limit: number, cursor?: string): ListPage {
    return this.#rows.list(limit, cursor, Date.now());
  }

  async endAll(tombstone: Tombstone, except?: SessionId): Promise<{ readonly notBefore: number; readonly ended: readonly SessionId[] }> {
    const alarm = await this.#storage.getAlarm();
    const result = this.#rows.endAll(tombstone, except, Date.now());
    await this.#cleanUpAfter(tombstone.expiresAt, alarm);
    return result;
  }

  async alarm(): Promise<void> {
    const next = this.#rows.sweep(Date.now());
    await (next === null ? this.#rows.clear() : this.#storage.setAlarm(next + GRACE));
  }

  /** To be called without an await after the write: then both take effect or neither. */
  async #cleanUpAfter(expiresAt: number, alarm: number | null): Promise<void> {
    const due = expiresAt + GRACE;
    if (alarm === null || alarm > due) await this.#storage.setAlarm(due);
  }
}
