import type { Millis } from "@holdfast/session-protocol";
import { endAll } from "../end-all.ts";
import type { Engine } from "../engine.ts";
import { HoldfastError } from "../errors.ts";
import { listRows } from "../list-rows.ts";
import { needed } from "../needed.ts";
import type { CreateGuard, CreateResult, Partition, SessionId, StoredSession } from "../port.ts";
import { readBody } from "../record.ts";
import { readRow } from "../read-row.ts";
import { overBy } from "../session/over.ts";
import type { Draft } from "../session/draft.ts";
import { noSession } from "../session/refusal.ts";
import { partitionOf } from "../partition-of.ts";
import { tellEnded, tellRevoked } from "../watch.ts";
import { endRow, type Live, liveRecord, tombstone } from "./load.ts";
import { type Creation, replaceGuest } from "./replace.ts";
import { settle, wroteIt } from "./settle.ts";
import { toRow } from "./update-row.ts";
import type { Written } from "./written.ts";

/**
 * Creates the new session and ends the one it replaces: two credentials of one browser never stay alive together. Two that end all others would end each
 * other: in this process the later one waits, and is refused by the mark of the first (decision 037).
 */
export async function createRow<Data extends object>(
  engine: Engine<Data>,
  given: Creation<Data>,
  now: Millis,
  refold: (live: Live) => Draft<Data>,
): Promise<Written<Data>> {
  const { id } = given.session;
  const partition = partitionOf(id);
  return engine.line(given.alone ? partition : id, async () => {
    // Only a server that saw no session for 5 s waits here: with what it knew then, the new session might be dead on arrival.
    await engine.epoch.refresh();
    const { number, at } = engine.epoch.current;
    const draft = { ...given, session: { ...given.session, record: { ...given.session.record, epoch: number } } };
    const { live, lapsed, session } = draft;
    const { record } = session;
    if (record.subject !== undefined && draft.began <= at) throw signInRevoked();
    const row = toRow(engine, { id, revision: 0, createdAt: now, seenAt: now }, record);
    if (draft.resumes) await claim(engine, draft);
    const old = draft.resumes ? undefined : (live ?? lapsed);
    const again = old && partitionOf(old.row.id) === partition ? old.row.id : undefined;
    const { guard, listed = [] } = record.subject === undefined ? {} : await guardOf(engine, partition, draft, again, now);
    const { outcome, evicted } = await create(engine, row, guard, listed);
    if (outcome === "revoked") throw signInRevoked();
    if (outcome === "full") {
      engine.emit({ type: "excess_sessions_exceeded", action: "reject", count: 1 });
      throw new HoldfastError("limit_reached", "The subject has as many sessions as policy.concurrent allows.");
    }
    tellRevoked(engine, evicted);
    if (evicted.length > 0) engine.emit({ type: "excess_sessions_exceeded", action: "evict-oldest", count: evicted.length, handles: evicted.map(engine.ring.handle) });
    engine.emit({ type: "session_created", kind: record.subject === undefined ? "guest" : "active", previous: live && engine.ring.handle(live.row.id) }, id);
    if (again) tellEnded(engine, again, "replaced");
    try {
      if (draft.alone) {
        await endAll(engine, partition, id);
        // One elsewhere may have ended this one before.
        const mine = await readRow(engine, id);
        if (!mine || !liveRecord(engine, mine)) throw signInRevoked();
      }
      return old && !again ? await replaceGuest(engine, draft, old, row, refold) : { draft, times: row };
    } catch (error) {
      await endRow(engine, id, "revoked").catch(() => undefined);
      throw error;
    }
  });
}

/** Before anything is made of a session that lapsed: of two that resume it at once, the second finds it gone. */
async function claim<Data>(engine: Engine<Data>, { lapsed }: Creation<Data>): Promise<void> {
  if (lapsed && !(await endRow(engine, lapsed.row.id, "replaced"))) throw noSession("superseded");
}

export const signInRevoked = (): HoldfastError =>
  new HoldfastError("sign_in_revoked", "The subject's sessions were revoked after this sign-in began. Begin again, or use start() with revokeOthers.");

async function create<Data>(engine: Engine<Data>, row: StoredSession, guard: CreateGuard | undefined, listed: readonly StoredSession[]): Promise<CreateResult> {
  let answer: CreateResult | undefined;
  const write = async () => (answer = await engine.store.create(row, guard, { durable: true })).outcome;
  const outcome = await settle(engine, "create", row, write, "created", "exists").catch((error: unknown) => {
    // It may be there all the same, with nobody to hold it, and take a place under the limit. Not awaited: the answer is "unavailable" in any case.
    void endRow(engine, row.id, "revoked").catch(() => undefined);
    throw error;
  });
  // 72 random bits of nonce met another session's: does not happen; answering "try again" costs nothing.
  if (outcome === "exists") throw new HoldfastError("unavailable", "The new session id was taken.");
  if (answer?.outcome === outcome) return answer;
  // The answer was lost. Who had to go is said by the tombstones of those who were there.
  const evicted: SessionId[] = [];
  const stone = guard?.limit?.tombstone;
  for (const { id } of listed) if (stone && (await wroteIt(engine, { ...stone, id }))) evicted.push(id);
  return { outcome, evicted };
}

async function guardOf<Data>(engine: Engine<Data>, partition: Partition, { began, alone }: Draft<Data>, again: StoredSession["id"] | undefined, now: Millis): Promise<{ guard?: CreateGuard; listed?: readonly StoredSession[] }> {
  const { concurrent } = engine.policy;
  const guard: CreateGuard = { began, ...(again && { replaces: { id: again, tombstone: tombstone(engine, "replaced") } }) };
  // Alone it is the only one in a moment.
  if (alone) needed(engine.ender);
  if (concurrent === "off" || alone) return { guard };
  const listed = await endExpired(engine, partition, concurrent.max, now);
  return { guard: { ...guard, limit: { ...concurrent, tombstone: tombstone(engine, "revoked") } }, listed };
}

/** Rows that idled out are still there to say so; they must not count against a new sign-in. */
async function endExpired<Data>(engine: Engine<Data>, partition: Partition, max: number, now: Millis): Promise<readonly StoredSession[]> {
  const rows = await listRows(engine, partition);
  // Where they may be resumed they stay as long as there is room.
  if (engine.policy.resume && rows.length < max) return rows;
  for (const row of rows) {
    const body = readBody(row.body);
    const over = body?.kind === "live" && overBy(engine, body.record, row.seenAt, now);
    if (over) await endRow(engine, row.id, over);
  }
  return rows;
}
