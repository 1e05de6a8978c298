import type { SessionId, StoredSession, Tombstone } from "@holdfast/session-core/store";
import { keepMark } from "./keep-mark.ts";
import { underMark } from "./marks.ts";
import { look, type Shelf } from "./shelf.ts";

/** What a verb makes of a live row: an outcome, and what changes with it. */
interface Change<Outcome> {
  readonly outcome: Outcome;
  readonly row?: Partial<StoredSession>;
  readonly ends?: true;
}

/**
 * Reads, decides, and writes if nobody wrote meanwhile; else again: somebody else got on, so it comes to an end. A change of the mark between the two loses
 * nothing, because the row stays of the generation it was made in.
 */
export async function change<Outcome extends string>(shelf: Shelf, id: SessionId, decide: (old: StoredSession) => Change<Outcome>): Promise<Outcome | "missing"> {
  for (;;) {
    const found = await look(shelf, id);
    const { kept, mark, rowToken } = found;
    if (!kept || !underMark(kept, mark, shelf.now())?.live) return "missing";
    const { outcome, row, ends } = decide(kept.row);
    if (!row) return outcome;
    const next = { ...kept, row: { ...kept.row, ...row }, ...(ends && { state: "ended" as const }) };
    if (next.state === "member" && !(await keepMark(shelf, found, next.row.expiresAt))) continue;
    const [reply] = await shelf.send([shelf.putRow(next, rowToken)]);
    if (reply?.status === "HD") return outcome;
  }
}

/** Makes a live row a tombstone. */
export function end(shelf: Shelf, id: SessionId, { writeId, expiresAt, body }: Tombstone, ifRevision?: number): Promise<"ended" | "missing" | "conflict"> {
  return change(shelf, id, ({ revision }) =>
    ifRevision === undefined || revision === ifRevision ? { outcome: "ended", row: { writeId, expiresAt, body }, ends: true } : { outcome: "conflict" },
  );
}
