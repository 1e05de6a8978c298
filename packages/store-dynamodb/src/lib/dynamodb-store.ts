import { type Clock, type SessionStore, type StoreCapabilities, type StoredSession, type SubjectIndex, systemClock } from "@holdfast/session-core/store";
import { createLine, heed, newestFirst, pageOf, partitionOf, placeOf } from "@holdfast/session-core/store-kit";
import { change, end } from "./change.ts";
import type { DynamodbClient } from "./client.ts";
import { createAlone, createGuarded } from "./create.ts";
import { endAll } from "./end-all.ts";
import { bodyOf, deadlineOf, keyOf, number, text, toKept, toSession } from "./rows.ts";
import { type Change, itemsOf, look, nowOf, type Table, write } from "./table.ts";
import { type DynamodbTableOptions, tableName } from "./table-name.ts";

export interface DynamodbStoreOptions extends DynamodbTableOptions {
  /** Decides about expiry and stamps `notBefore`. Default: the system clock. */
  readonly clock?: Clock;
}

export interface DynamodbStore extends SessionStore, SubjectIndex {
  readonly capabilities: StoreCapabilities & { readonly index: true };
}

/** How long a sign-in waits for the one before it. */
const PATIENCE = 10_000;

/**
 * Sessions in DynamoDB. The table must be there: see `ensureDynamodbTable`. Every read is consistent, every write has a condition. Faults of the client
 * reject as they are.
 * @throws HoldfastError `config` for a wrong option
 */
export function createDynamodbStore(client: DynamodbClient, options: DynamodbStoreOptions = {}): DynamodbStore {
  const name = tableName(options);
  const { clock = systemClock } = options;
  const at = (signal: AbortSignal | undefined): Table => ({ name, client, clock, signal });
  /** Sign-ins of one subject in this process do not race: only one at a time can win. */
  const line = createLine(PATIENCE);

  return {
    // DynamoDB acknowledges what is on the disks of two of three places.
    capabilities: { index: true, clock: "caller", durability: "replicated", evicts: false },

    async read(id, { signal } = {}) {
      const found = await look(at(signal), id);
      return found ? toSession(found) : null;
    },

    async create(row, guard, { signal } = {}) {
      const table = at(signal);
      if (!guard) return createAlone(table, row);
      signal?.throwIfAborted();
      return heed(signal, line(partitionOf(row.id), () => createGuarded(table, row, guard)));
    },

    async update(row, expectedRevision, { signal } = {}) {
      const { id, revision, writeId, body } = row;
      const what = {
        set: { revision: number(revision), writeId: text(writeId), body: bodyOf(body) },
        when: "revision = :expected",
        values: { ":expected": number(expectedRevision) },
        done: (old) => old.writeId === writeId && old.revision === revision,
      } satisfies Change;
      return change(at(signal), id, "updated", later(row, what), (old) => (old.revision === expectedRevision ? later(latest(old, row), what) : "conflict"));
    },

    async touch(id, seenAt, expiresAt, { signal } = {}) {
      const times = { seenAt, expiresAt };
      return change(at(signal), id, "touched", later(times), (old) => (old.seenAt >= seenAt && old.expiresAt >= expiresAt ? "touched" : later(latest(old, times))));
    },

    async end(id, tombstone, { signal, ifRevision } = {}) {
      return end(at(signal), id, tombstone, ifRevision);
    },

    async delete(id, { signal } = {}) {
      const table = at(signal);
      await write(table, (how) => client.deleteItem({ TableName: name, Key: keyOf(id) }, how));
    },

    async list(partition, { signal, limit = 100, cursor } = {}) {
      const after = placeOf(cursor);
      const values = { ":member": text("member"), ...nowOf(clock) };
      const items = await itemsOf(at(signal), partition, { FilterExpression: "kind = :member AND expiresAt > :now", values });
      const rows = items.flatMap((item) => toKept(item) ?? []).map(toSession);
      return pageOf(rows.filter((row) => newestFirst(after, row) < 0).sort(newestFirst), limit);
    },

    async endAll(partition, tombstone, { signal, except } = {}) {
      return endAll(at(signal), partition, tombstone, except);
    },
  };
}

type Times = Pick<StoredSession, "seenAt" | "expiresAt">;

/** Where a time would move backwards the write is refused, and comes again with {@link latest}. */
const later = ({ seenAt, expiresAt }: Times, what?: Change & { readonly when: string }): Change => ({
  ...what,
  set: { ...what?.set, seenAt: number(seenAt), ...deadlineOf(expiresAt) },
  when: `${what ? `${what.when} AND ` : ""}seenAt <= :seenAt AND expiresAt <= :expiresAt`,
});

const latest = (a: Times, b: Times): Times => ({ seenAt: Math.max(a.seenAt, b.seenAt), expiresAt: Math.max(a.expiresAt, b.expiresAt) });
