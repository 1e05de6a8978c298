import type { Engine } from "./engine.ts";
import { HoldfastError } from "./errors.ts";
import type { Partition, SessionStore, StoredSession, SubjectIndex } from "./port.ts";
import { callStore } from "./store-call.ts";

export function indexOf<Data>({ index }: Engine<Data>): SessionStore & SubjectIndex {
  if (index) return index;
  throw new HoldfastError("unsupported", "This store cannot list a subject's sessions.");
}

/** All indexed live rows of a partition, page by page. @throws HoldfastError `unsupported` without a store index */
export async function listRows<Data>(engine: Engine<Data>, partition: Partition): Promise<StoredSession[]> {
  const index = indexOf(engine);
  const epoch = engine.epoch.refresh();
  const rows: StoredSession[] = [];
  let cursor: string | undefined;
  do {
    const page = await callStore(engine, "list", () => index.list(partition, cursor === undefined ? {} : { cursor }));
    rows.push(...page.rows);
    cursor = page.cursor;
  } while (cursor !== undefined);
  if (epoch) await epoch;
  return rows;
}
