import type { Millis } from "@holdfast/session-protocol";
import { partitionOf } from "../partition-of.ts";
import type { Partition, SessionId, StoredSession, Tombstone } from "../port.ts";
import { Heap } from "./heap.ts";

/** `row` is frozen and replaced as a whole, so it can be handed out as it is. */
export interface Entry {
  row: StoredSession;
  state: "guest" | "indexed" | "ended";
}

/** Tombstones go before guests: they cost their owner a reason, not a cart. */
const ENDED_FIRST = -Number.MAX_SAFE_INTEGER;

/** Rows with the three orders the store asks for: by subject, by expiry, and by who must leave a full store first. */
export class Table {
  readonly #rows = new Map<SessionId, Entry>();
  readonly #subjects = new Map<Partition, Set<Entry>>();
  readonly #byExpiry = new Heap<Entry>((entry) => entry.row.expiresAt);
  readonly #spare = new Heap<Entry>((entry) =>
    entry.state === "ended" ? ENDED_FIRST + entry.row.expiresAt : entry.row.seenAt,
  );

  /** Live rows and tombstones; an expired one is absent, whether it was dropped or not. */
  find(id: SessionId, now: Millis): Entry | undefined {
    const entry = this.#rows.get(id);
    return entry !== undefined && entry.row.expiresAt > now ? entry : undefined;
  }

  findLive(id: SessionId, now: Millis): Entry | undefined {
    const entry = this.find(id, now);
    return entry?.state === "ended" ? undefined : entry;
  }

  /** Indexed live rows of a subject, in no order. */
  ofSubject(partition: Partition, now: Millis): Entry[] {
    return [...(this.#subjects.get(partition) ?? [])].filter((entry) => entry.row.expiresAt > now);
  }

  insert(row: StoredSession, state: "guest" | "indexed"): void {
    const { id, revision, writeId, createdAt, seenAt, expiresAt, body } = row;
    const entry: Entry = { row: Object.freeze({ id, revision, writeId, createdAt, seenAt, expiresAt, body }), state };
    this.#rows.set(id, entry);
    this.#byExpiry.put(entry);
    if (state === "guest") {
      this.#spare.put(entry);
      return;
    }
    const partition = partitionOf(id);
    const entries = this.#subjects.get(partition);
    if (entries === undefined) this.#subjects.set(partition, new Set([entry]));
    else entries.add(entry);
  }

  change(entry: Entry, changes: Partial<Omit<StoredSession, "id">>): void {
    entry.row = Object.freeze({ ...entry.row, ...changes });
    this.#byExpiry.put(entry);
    if (entry.state !== "indexed") this.#spare.put(entry);
  }

  bury(entry: Entry, { writeId, expiresAt, body }: Tombstone): void {
    if (entry.state === "indexed") this.#leaveSubject(entry);
    entry.state = "ended";
    this.change(entry, { writeId, expiresAt, body });
  }

  drop(id: SessionId): void {
    const entry = this.#rows.get(id);
    if (entry === undefined) return;
    this.#rows.delete(id);
    this.#byExpiry.remove(entry);
    this.#spare.remove(entry);
    if (entry.state === "indexed") this.#leaveSubject(entry);
  }

  /** Drops the row that expired first, if one has. */
  dropExpired(now: Millis): boolean {
    const first = this.#byExpiry.first;
    if (first === undefined || first.row.expiresAt > now) return false;
    this.drop(first.row.id);
    return true;
  }

  /** Whether there is room for one more row, after dropping what may be dropped: expired, then ended, then the guest seen longest ago. */
  makeRoom(max: number, now: Millis): boolean {
    while (this.#rows.size >= max) {
      if (this.dropExpired(now)) continue;
      const spare = this.#spare.first;
      // An auxiliary row, seen in the future: what was denied or used once must not be forgotten for a visitor's cart.
      if (spare === undefined || (spare.state === "guest" && spare.row.seenAt > now)) return false;
      this.drop(spare.row.id);
    }
    return true;
  }

  #leaveSubject(entry: Entry): void {
    const partition = partitionOf(entry.row.id);
    const entries = this.#subjects.get(partition);
    entries?.delete(entry);
    if (entries?.size === 0) this.#subjects.delete(partition);
  }
}
