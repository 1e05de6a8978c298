import type { Engine } from "./engine.ts";
import { needed } from "./needed.ts";
import type { Partition, StoredSession } from "./port.ts";
import { callStore } from "./store-call.ts";

/** All indexed live rows of a partition, page by page. @throws HoldfastError `unsupported` without a store index */
export async function listRows<Data>(engine: Engine<Data>, partition: Partition): Promise<StoredSession[]> {
  const index = needed(engine.index);
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
