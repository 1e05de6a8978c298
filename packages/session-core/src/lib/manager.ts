import type { SessionView } from "@holdfast/session-protocol";
import { endAll } from "./end-all.ts";
import type { Engine } from "./engine.ts";
import { oneOf } from "./errors.ts";
import type { SessionEvent } from "./events.ts";
import { handle } from "./handle.ts";
import { issue } from "./issue.ts";
import { listRows } from "./list-rows.ts";
import type { SessionId, StoredSession } from "./port.ts";
import { REASONS, type SessionRecord } from "./record.ts";
import { readRow } from "./read-row.ts";
import { endRow, liveRecord } from "./request/load.ts";
import { StoredRequestSession } from "./request/request-session.ts";
import { updateAll } from "./request/update-all.ts";
import { updateById } from "./request/update-by-id.ts";
import { overBy } from "./session/over.ts";
import type { ActiveState, GuestState, SessionSummary } from "./session/state.ts";
import { liveState } from "./session/state-of.ts";
import type { Sessions } from "./sessions.ts";
import { callStore } from "./store-call.ts";
import { partitionOf } from "./partition-of.ts";
import { isSessionId } from "./token/credential.ts";
import { viewOf } from "./view.ts";
import { tellRevoked, watch } from "./watch.ts";

export function createManager<Data extends object>(engine: Engine<Data>, listeners: Set<(event: SessionEvent) => void>): Sessions<Data> {
  const { ring, policy, clock } = engine;
  const prepare: Sessions<Data>["prepare"] = (source, options = {}) => new StoredRequestSession(engine, engine.incoming(source, options), engine.signals?.(source, options.address));
  const open: Sessions<Data>["open"] = async (source, options) => {
    const session = prepare(source, options);
    await session.load();
    return session;
  };

  return {
    policy,
    listable: engine.index !== undefined,
    endsAll: engine.ender !== undefined,
    cookie: engine.cookies.attributes,
    csrf: engine.csrf,
    open,
    prepare,
    handle: (request, next, options) => handle(open, request, next, options),
    view: (state): SessionView => viewOf(engine, state),
    async get(id) {
      const row = await readRow(engine, id);
      return row && liveRow(engine, row);
    },
    async update(id, change) {
      await updateById(engine, id, change);
    },
    updateAll: async (subject, change) => updateAll(engine, subject, change),
    issue: (subject, data, options = {}) => issue(engine, subject, data, options),
    async list(subject, { current } = {}) {
      const rows = await listRows(engine, ring.partition(subject));
      return rows.flatMap((row): SessionSummary<Data>[] => {
        const state = liveRow(engine, row);
        if (state?.kind !== "active" || state.subject !== subject) return [];
        const { id, handle: name, createdAt, seenAt, authenticatedAt, device, data } = state;
        return [{ id, handle: name, current: id === current, createdAt, seenAt, authenticatedAt, device, data }];
      });
    },
    owns: (subject, id): id is SessionId => isSessionId(id) && partitionOf(id) === ring.partition(subject),
    watch: (id, options) => watch(engine, id, options),
    async revoke(id, reason = "revoked") {
      oneOf("reason", reason, REASONS);
      if (isSessionId(id) && (await endRow(engine, id, reason))) engine.emit({ type: "session_revoked", reason, count: 1 }, id);
    },
    revokeAll: async (subject, { except } = {}) => endAll(engine, ring.partition(subject), except),
    async revokeEverything() {
      const { at: notBefore } = await engine.epoch.advance(policy);
      tellRevoked(engine, Array.from(engine.watched.keys()));
      engine.emit({ type: "everything_revoked", notBefore });
      return { notBefore };
    },
    async sweep(limit = 10_000) {
      const { sweeper } = engine;
      let swept = 0;
      while (sweeper && swept < limit) {
        const batch = Math.min(1000, limit - swept);
        const removed = await callStore(engine, "sweep", () => sweeper.sweep(clock.now(), batch));
        swept += removed;
        if (removed < batch) break;
      }
      return swept;
    },
    on(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}

/** The state of a row outside any request; `null` for one that is over. */
function liveRow<Data>(engine: Engine<Data>, row: StoredSession): ActiveState<Data> | GuestState<Data> | null {
  const record = liveRecord(engine, row);
  if (!record) return null;
  if (overBy(engine, record, row.seenAt, engine.clock.now())) return null;
  return liveState(engine, row.id, record, dataOf(engine, record), row);
}

const dataOf = <Data>(engine: Engine<Data>, record: SessionRecord): Data => engine.data.read(record.data, record.dataVersion) ?? engine.data.initial;
