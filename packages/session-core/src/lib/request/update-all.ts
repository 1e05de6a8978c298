import type { Engine } from "../engine.ts";
import { HoldfastError } from "../errors.ts";
import { listRows } from "../list-rows.ts";
import { updateById } from "./update-by-id.ts";

/** Changes the data of each session of a subject; one that ends meanwhile is skipped. Returns how many were changed. */
export async function updateAll<Data extends object>(engine: Engine<Data>, subject: string, change: (data: Data) => Data): Promise<number> {
  let changed = 0;
  for (const { id } of await listRows(engine, engine.ring.partition(subject))) {
    try {
      if (await updateById(engine, id, change, subject)) changed++;
    } catch (error) {
      if (!(error instanceof HoldfastError && error.code === "no_session")) throw error;
    }
  }
  return changed;
}
