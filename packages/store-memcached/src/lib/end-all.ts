import type { SessionId, Tombstone } from "@holdfast/session-core/store";
import { MARKS_KEPT } from "@holdfast/session-core/store-kit";
import { newGeneration, underMark } from "./marks.ts";
import { look, type Shelf } from "./shelf.ts";

/** Begins another generation: one write, and whatever the subject has is over, but for the session of this id, if there is one. */
export async function endAll(shelf: Shelf, id: SessionId, { writeId, expiresAt, body }: Tombstone): Promise<{ notBefore: number; ended: SessionId[] }> {
  for (;;) {
    const { kept, mark, markToken } = await look(shelf, id);
    const now = shelf.now();
    const notBefore = Math.max(now, mark?.notBefore ?? 0);
    // One that was over before stays over.
    const spared = kept?.state === "member" && underMark(kept, mark, now)?.live;
    const next = { generation: newGeneration(), notBefore, until: Math.max(now + MARKS_KEPT, mark?.until ?? 0), tombstone: { writeId, expiresAt, body }, ...(spared && { spared: id }) };
    const [reply] = await shelf.send([shelf.putMark(next, markToken)]);
    if (reply?.status === "HD") return { notBefore, ended: [] };
  }
}
