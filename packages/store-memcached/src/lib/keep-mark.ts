import type { Mark } from "./marks.ts";
import type { Found, Shelf } from "./shelf.ts";

/** A session that goes on by a minute does not write the mark each time. */
const SLACK = 24 * 60 * 60 * 1000;

/** The mark, so that it outlives a session; the same object where it does already. */
export const extended = (mark: Mark, expiresAt: number): Mark => (mark.until >= expiresAt ? mark : { ...mark, until: expiresAt + SLACK });

/** Makes the mark outlive its session. `false`: somebody else wrote it meanwhile, and it is to be read again. */
export async function keepMark({ send, putMark }: Shelf, { mark, markToken }: Found, expiresAt: number): Promise<boolean> {
  const next = mark && extended(mark, expiresAt);
  if (!next || next === mark) return true;
  const [reply] = await send([putMark(next, markToken)]);
  return reply?.status === "HD";
}
