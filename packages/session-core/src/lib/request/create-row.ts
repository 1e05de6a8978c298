import type { Millis } from "@holdfast/session-protocol";
import type { Engine } from "../engine.ts";
import { HoldfastError } from "../errors.ts";
import { listRows } from "../list-rows.ts";
import type { CreateGuard, Partition, StoredSession } from "../port.ts";
import { readBody } from "../record.ts";
import { revisionAfter } from "../revision.ts";
import { type Draft, noSession, pick } from "../session/draft.ts";
import { overBy } from "../session/over.ts";
import { callStore, storeFault } from "../store-call.ts";
import { partitionOf } from "../token/credential.ts";
import { tellEnded } from "../watch.ts";
import { endRow, tombstone } from "./load.ts";
import { ATTEMPTS, toRow, updateRow, wroteIt } from "./update-row.ts";

type Creation<Data> = Draft<Data> & { readonly session: NonNullable<Draft<Data>["session"]> };

/** Creates the new session, then ends the one it replaces: two credentials of one browser never stay alive together. */
export async function createRow<Data extends object>(engine: Engine<Data>, given: Creation<Data>, now: Millis): Promise<StoredSession> {
  // Only a server that saw no session for 5 s waits here: with what it knew then, the new session might be dead on arrival.
  await engine.epoch.refresh();
  const { number, at } = engine.epoch.current;
  const draft = { ...given, session: { ...given.session, record: { ...given.session.record, epoch: number } } };
  const { id, record } = draft.session;
  if (record.subject !== undefined && draft.began <= at) throw signInRevoked();
  const handle = engine.ring.handle(id);
  const row = toRow(engine, id, record, { revision: 0, createdAt: now, seenAt: now });
  if (draft.resumes) await claim(engine, draft);
  const guard = record.subject === undefined ? undefined : await guardOf(engine, id, draft.began, now);
  const { outcome, evicted } = await create(engine, row, guard);
  if (outcome === "revoked") throw signInRevoked();
  if (outcome === "full") {
    engine.emit({ type: "excess_sessions_exceeded", action: "reject", count: 1 });
    throw new HoldfastError("limit_reached", "The subject has as many sessions as policy.concurrent allows.");
  }
  for (const old of evicted) tellEnded(engine, old, "revoked");
  if (evicted.length > 0) engine.emit({ type: "excess_sessions_exceeded", action: "evict-oldest", count: evicted.length, handles: evicted.map(engine.ring.handle) });
  engine.emit({ type: "session_created", handle, kind: record.subject === undefined ? "guest" : "active", previous: draft.live && engine.ring.handle(draft.live.row.id) });
  return replace(engine, draft, row);
}

/** Before anything is made of a session that lapsed: of two that resume it at once, the second finds it gone. */
async function claim<Data>(engine: Engine<Data>, { lapsed }: Creation<Data>): Promise<void> {
  if (lapsed && !(await endRow(engine, lapsed.row.id, "replaced"))) throw noSession("superseded");
}

const signInRevoked = (): HoldfastError =>
  new HoldfastError("sign_in_revoked", "The subject's sessions were revoked after this sign-in began. Begin again, or pass authenticatedAt later than the notBefore of the revocation.");

async function create<Data>(engine: Engine<Data>, row: StoredSession, guard: CreateGuard | undefined): ReturnType<Engine<Data>["store"]["create"]> {
  try {
    const result = await engine.store.create(row, guard, { durable: true });
    if (result.outcome !== "exists") return result;
    if (await wroteIt(engine, row)) return { outcome: "created", evicted: [] };
  } catch (cause) {
    if (await wroteIt(engine, row)) return { outcome: "created", evicted: [] };
    throw storeFault(engine, "create", cause);
  }
  // 72 random bits of nonce met another session's: does not happen; answering "try again" costs nothing.
  throw new HoldfastError("unavailable", "The new session id was taken.");
}

async function guardOf<Data>(engine: Engine<Data>, id: StoredSession["id"], began: Millis, now: Millis): Promise<CreateGuard> {
  const { concurrent } = engine.policy;
  if (concurrent === "off") return { began };
  await endExpired(engine, partitionOf(id), concurrent.max, now);
  return { began, limit: { ...concurrent, tombstone: tombstone(engine, "revoked") } };
}

/** Rows that idled out are still there to say so; they must not count against a new sign-in. */
async function endExpired<Data>(engine: Engine<Data>, partition: Partition, max: number, now: Millis): Promise<void> {
  const rows = await listRows(engine, partition);
  // Where they may be resumed they stay as long as there is room.
  if (engine.policy.resume && rows.length < max) return;
  for (const row of rows) {
    const body = readBody(row.body);
    const over = body?.kind === "live" && overBy(engine, body.record, row.seenAt, now);
    if (over) await endRow(engine, row.id, over);
  }
}

/** Ends the session before this one. Where its data is carried over, what was acknowledged there meanwhile comes along. */
async function replace<Data extends object>(engine: Engine<Data>, draft: Creation<Data>, created: StoredSession): Promise<StoredSession> {
  const old = (draft.live ?? draft.lapsed)?.row;
  if (!old || draft.resumes) return created;
  let row = created;
  try {
    let { revision } = old;
    for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
      const condition = draft.carry.length > 0 && attempt < ATTEMPTS ? { ifRevision: revision } : {};
      const outcome = await callStore(engine, "end", () => engine.store.end(old.id, tombstone(engine, "replaced"), { durable: true, ...condition }));
      if (outcome !== "conflict") {
        tellEnded(engine, old.id, "replaced");
        return row;
      }
      const newer = await callStore(engine, "read", () => engine.store.read(old.id, { authoritative: true }));
      const body = newer && readBody(newer.body);
      if (!newer || body?.kind !== "live") return row;
      revision = newer.revision;
      row = await carryAgain(engine, draft, row, body.record.data, body.record.dataVersion);
    }
    return row;
  } catch (error) {
    await endRow(engine, created.id, "revoked").catch(() => undefined);
    throw error;
  }
}

async function carryAgain<Data extends object>(engine: Engine<Data>, draft: Creation<Data>, row: StoredSession, stored: unknown, version: number): Promise<StoredSession> {
  const guest = engine.data.read(stored, version);
  if (!guest) return row;
  const { id, record, data } = draft.session;
  const next = { ...record, data: engine.data.check({ ...data, ...pick(guest, draft.carry) }) };
  const changed = toRow(engine, id, next, { revision: revisionAfter(row.revision), createdAt: row.createdAt, seenAt: row.seenAt });
  const outcome = await updateRow(engine, changed, row.revision, true);
  return outcome === "updated" ? changed : row;
}
