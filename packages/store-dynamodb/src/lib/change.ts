import type { SessionId, Tombstone } from "@holdfast/session-core/store";
import { type Kept, number, stoneOf } from "./rows.ts";
import { type Change, look, type Table, updateOf, write } from "./table.ts";

/**
 * Writes to a live row without reading it first, so that it is one trip. Where that is refused it looks why: `refused` gets the row, and says what
 * to answer or what to write instead. It comes to an end, because each time somebody else got on.
 */
export async function change<Done extends string, Outcome extends string>(
  table: Table,
  id: SessionId,
  done: Done,
  first: Change,
  refused: (row: Kept) => Change | Outcome,
): Promise<Done | Outcome | "missing"> {
  for (let next = first; ; ) {
    const update = updateOf(table, id, next);
    if (await write(table, (how) => table.client.updateItem(update, how))) return done;
    const row = await look(table, id);
    if (row && next.done?.(row)) return done;
    if (!row || row.kind === "ended") return "missing";
    const answer = refused(row);
    if (typeof answer === "string") return answer;
    next = answer;
  }
}

/** Makes a live row a tombstone. */
export function end(table: Table, id: SessionId, tombstone: Tombstone, ifRevision?: number): Promise<"ended" | "missing" | "conflict"> {
  const ending: Change = {
    set: stoneOf(tombstone),
    done: ({ kind, writeId }) => kind === "ended" && writeId === tombstone.writeId,
    ...(ifRevision !== undefined && { when: "revision = :expected", values: { ":expected": number(ifRevision) } }),
  };
  return change(table, id, "ended", ending, ({ revision }) => (ifRevision === undefined || revision === ifRevision ? ending : "conflict"));
}
