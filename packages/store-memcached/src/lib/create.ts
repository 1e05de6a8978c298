import type { CreateGuard, CreateResult, SessionId, StoredSession } from "@holdfast/session-core/store";
import { end } from "./change.ts";
import { extended } from "./keep-mark.ts";
import { decodeMark, holds, newGeneration, underMark } from "./marks.ts";
import type { Kept } from "./rows.ts";
import { get, look, type Shelf } from "./shelf.ts";

/** Adds a row. With a guard it is of the generation that its subject has now, and dead if that changes before the row is there. */
export async function create(at: (id: SessionId) => Shelf, row: StoredSession, guard: CreateGuard | undefined): Promise<Exclude<CreateResult["outcome"], "full">> {
  const shelf = at(row.id);
  const { place, send, putRow, putMark } = shelf;
  for (;;) {
    const { kept, mark, rowToken, markToken } = await look(shelf, row.id);
    if (underMark(kept, mark, shelf.now())) return "exists";
    if (guard === undefined) {
      const [added] = await send([putRow({ row, state: "guest", generation: "" }, rowToken)]);
      if (added?.status === "HD") return "created";
      continue;
    }
    if (mark && guard.began <= mark.notBefore) return "revoked";
    // Before the new one is there: if this fails in between somebody signs in again, the other way round two credentials would be alive.
    if (guard.replaces) await end(at(guard.replaces.id), guard.replaces.id, guard.replaces.tombstone);
    const next = extended(mark ?? { generation: newGeneration(), notBefore: 0, until: 0 }, row.expiresAt);
    const member: Kept = { row, state: "member", generation: next.generation };
    const keeping = next === mark ? [] : [putMark(next, markToken)];
    const [added, after] = (await send([...keeping, putRow(member, rowToken), get(place.mark)])).slice(keeping.length);
    if (added?.status !== "HD") continue;
    const now = decodeMark(after?.value);
    if (now && holds(now, member)) return "created";
    // All were ended in between, or the mark was another one's: what was written is dead, and whether this sign-in counts is decided anew.
    await send([{ verb: "md", key: place.row, flags: "" }]);
  }
}
