import { ATTEMPTS, backOff, conflict } from "../attempts.ts";
import type { Engine } from "../engine.ts";
import type { SessionId } from "../port.ts";
import { readRow } from "../read-row.ts";
import { isStored } from "../session/data.ts";
import { overBy } from "../session/over.ts";
import { noSession } from "../session/refusal.ts";
import { liveRecord } from "./load.ts";
import { carries } from "./settle.ts";
import { rowAfter, updateRow } from "./update-row.ts";

/** Changes the data of a session outside its requests: replayed on conflict, without counting as activity. `false`: the data stayed as it was. */
export async function updateById<Data extends object>(engine: Engine<Data>, id: SessionId, change: (data: Data) => Data, subject?: string): Promise<boolean> {
  return engine.line(id, async () => {
    let tried: string | undefined;
    for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
      await backOff(engine.clock, attempt);
      const row = await readRow(engine, id);
      const record = row && liveRecord(engine, row);
      if (!record) throw noSession("none");
      if (tried !== undefined && carries(row, tried)) return true;
      if (subject !== undefined && record.subject !== subject) throw noSession("none");
      if (overBy(engine, record, row.seenAt, engine.clock.now())) throw noSession("ended");
      const before = engine.data.read(record.data, record.dataVersion) ?? engine.data.initial;
      const after = change(before);
      if (after === before) return false;
      const data = engine.data.check(after);
      if (isStored(engine.data, record, data)) return false;
      const next = { ...record, data, dataVersion: engine.data.version };
      const changed = rowAfter(engine, row, next);
      tried = changed.writeId;
      const outcome = await updateRow(engine, changed, row.revision, false);
      if (outcome === "updated") return true;
      if (outcome === "missing") throw noSession("ended");
    }
    throw conflict();
  });
}
