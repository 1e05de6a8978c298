import { ATTEMPTS, backOff, conflict } from "../attempts.ts";
import type { Clock } from "../clock.ts";
import type { SessionId, SessionStore, StoredSession } from "../port.ts";
import { readBody, writeBody } from "../record.ts";
import { carries } from "../request/settle.ts";
import { WRITES_KEPT } from "../request/update-row.ts";
import { revisionAfter } from "../revision.ts";
import { unreadable } from "../session/refusal.ts";
import { callStore, type Heard, storeFault } from "../store-call.ts";
import { newWriteId } from "../write-id.ts";

interface BindParts {
  readonly store: SessionStore;
  readonly clock: Clock;
  readonly emit: Heard;
}

/**
 * Writes a key into the record of a session, once: one that has a key keeps it, and one that is over is not brought back. Of two registrations at
 * once, one finds the other's key.
 * @throws HoldfastError `unavailable`, `conflict`
 */
export async function bindRow({ store, clock, emit }: BindParts, id: SessionId, key: string): Promise<"bound" | "taken" | "over"> {
  let tried: string | undefined;
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    await backOff(clock, attempt);
    const row = await callStore({ emit }, "read", () => store.read(id, { authoritative: true }));
    const body = row && readBody(row.body);
    if (!row || body?.kind !== "live") {
      if (body?.kind === "newer") throw unreadable();
      return "over";
    }
    const { record } = body;
    // A driver that sent it twice, or an answer that was lost: it took effect.
    if (tried !== undefined && carries(row, tried)) return "bound";
    if (record.key !== undefined) return "taken";
    if (record.subject === undefined || record.lapsed) return "over";
    const next = rowWith(row, writeBody({ ...record, key, writes: [row.writeId, ...record.writes].slice(0, WRITES_KEPT) }));
    tried = next.writeId;
    const outcome = await update(store, emit, next, row.revision);
    if (outcome === "updated") return "bound";
    if (outcome === "missing") return "over";
  }
  throw conflict();
}

/** Deadlines stay: binding is no activity. */
const rowWith = (before: StoredSession, body: string): StoredSession => ({ ...before, body, revision: revisionAfter(before.revision), writeId: newWriteId() });

async function update(store: SessionStore, emit: Heard, row: StoredSession, expected: number): Promise<"updated" | "missing" | "conflict"> {
  try {
    return await store.update(row, expected, { durable: true });
  } catch (cause) {
    const found = await store.read(row.id, { authoritative: true }).catch(() => null);
    if (found && carries(found, row.writeId)) return "updated";
    throw storeFault({ emit }, "update", cause);
  }
}
