import type { Engine } from "../engine.ts";
import type { StoredSession } from "../port.ts";
import { askRow } from "../read-row.ts";
import { storeFault } from "../store-call.ts";

/** What a write leaves behind. */
export type Mark = Pick<StoredSession, "id" | "writeId">;

/**
 * One write, which carries a mark. Where its answer is lost, or may be that of a driver which sent it again (`doubtful`), the row says whether it took effect:
 * it is never written again here.
 */
export async function settle<Data, Outcome extends string>(engine: Engine<Data>, verb: string, mark: Mark, write: () => Promise<Outcome>, done: Outcome, doubtful?: Outcome): Promise<Outcome> {
  const outcome = await write().catch(async (cause: unknown) => {
    if (await wroteIt(engine, mark)) return done;
    throw storeFault(engine, verb, cause);
  });
  return outcome === doubtful && (await wroteIt(engine, mark)) ? done : outcome;
}

/** Whether a row carries the mark of a write: its own, or of one before it. */
export const carries = (row: StoredSession, writeId: string): boolean => row.writeId === writeId || row.body.includes(writeId);

/** Whether a write took effect whose answer was lost. */
export async function wroteIt<Data>(engine: Engine<Data>, { id, writeId }: Mark): Promise<boolean> {
  const found = await askRow(engine, id).catch(() => null);
  return found !== null && carries(found, writeId);
}
