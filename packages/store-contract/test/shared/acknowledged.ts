import type { SessionId, SessionStore, StoredSession, StoreOptions } from "@holdfast/session-core/store";
import { testRow, testTombstone } from "@holdfast/store-contract";

/** How far each session got, by what the store acknowledged: a number of a step. */
export type Acknowledged = Map<SessionId, number>;

const steps = ["created", "updated", "touched", "ended"];

/** One session from its creation to its end. Rejects with the first fault. @param how for each call anew */
export async function live(store: SessionStore, acknowledged: Acknowledged, how: () => StoreOptions = () => ({})): Promise<void> {
  const row = testRow({ body: "created" });
  const { id, createdAt, seenAt, expiresAt } = row;
  await store.create(row, { began: createdAt }, how());
  acknowledged.set(id, 0);
  await store.update({ ...row, revision: 1, body: "updated" }, 0, how());
  acknowledged.set(id, 1);
  await store.touch(id, seenAt + 1, expiresAt + 1, how());
  acknowledged.set(id, 2);
  await store.end(id, testTombstone({ expiresAt }), how());
  acknowledged.set(id, 3);
}

/** The sessions that are not as far as was acknowledged. */
export async function lost(store: SessionStore, acknowledged: Acknowledged): Promise<SessionId[]> {
  const found: SessionId[] = [];
  for (const [id, step] of acknowledged) if (stepOf(await store.read(id)) < step) found.push(id);
  return found;
}

function stepOf(row: StoredSession | null): number {
  if (row === null) return -1;
  if (row.body === "ended") return 3;
  return row.seenAt > row.createdAt ? 2 : steps.indexOf(row.body);
}
