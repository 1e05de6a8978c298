import { HoldfastError, type SessionId } from "@holdfast/session-core/store";
import { heed } from "@holdfast/session-core/store-kit";
import type { Place } from "./keys.ts";
import { decodeMark, encodeMark, type Mark } from "./marks.ts";
import type { MetaCommand, MetaReply } from "./node.ts";
import { decodeRow, encodeRow, type Kept } from "./rows.ts";

/** One call's way to the place of one session. */
export interface Shelf {
  readonly place: Place;
  now(): number;
  /** Rejects with the reason of the call's signal once it fires. */
  send(commands: readonly MetaCommand[]): Promise<readonly MetaReply[]>;
  /** Writes the row only if there is none, or only over the one with this token. */
  putRow(kept: Kept, over: string | undefined): MetaCommand;
  putMark(mark: Mark, over: string | undefined): MetaCommand;
}

interface ShelfOptions {
  readonly place: Place;
  readonly signal: AbortSignal | undefined;
  now(): number;
  readonly maxItemBytes: number;
}

export function shelfOf({ place, signal, now, maxItemBytes }: ShelfOptions): Shelf {
  const put = (key: string, value: string, until: number, over: string | undefined): MetaCommand => {
    // The server would drop the row that it has, together with the refusal.
    if (Buffer.byteLength(value) > maxItemBytes) throw new HoldfastError("data_too_large", `The row is larger than maxItemBytes (${maxItemBytes}); nothing was written.`);
    return { verb: "ms", key, flags: `${over === undefined ? "ME" : `C${over}`} T${lifetime(until, now())}`, value };
  };
  return {
    place,
    now,
    async send(commands) {
      signal?.throwIfAborted();
      return heed(signal, place.node.send(commands));
    },
    putRow: (kept, over) => put(place.row, encodeRow(kept), kept.row.expiresAt, over),
    putMark: (mark, over) => put(place.mark, encodeMark(mark), mark.until, over),
  };
}

/** Longer lives are taken for a date (memcached's protocol.txt, "Expiration times"), and dates have 32 bits. */
const LONGEST = 30 * 24 * 60 * 60;
const LAST = 2 ** 31 - 1;

/**
 * Seconds for the server: relative, as long as it takes them so, because its clock may be another. It counts whole seconds of its own, so one more makes sure
 * that it forgets nothing early; the row itself knows its end to the millisecond.
 */
export function lifetime(until: number, now: number): number {
  const seconds = Math.max(1, Math.ceil((until - now) / 1000) + 1);
  return seconds <= LONGEST ? seconds : Math.min(LAST, Math.ceil(until / 1000) + 1);
}

export interface Found {
  readonly kept: Kept | undefined;
  readonly mark: Mark | undefined;
  /** The tokens to write over them; `undefined` where nothing is. What is unreadable has a token, too. */
  readonly rowToken: string | undefined;
  readonly markToken: string | undefined;
}

/** The row and the mark of its subject, in one trip. */
export async function look({ place, send }: Pick<Shelf, "place" | "send">, id: SessionId): Promise<Found> {
  const [row, mark] = await send([get(place.row), get(place.mark)]);
  return { kept: decodeRow(id, row?.value), mark: decodeMark(mark?.value), rowToken: tokenOf(row), markToken: tokenOf(mark) };
}

export const get = (key: string): MetaCommand => ({ verb: "mg", key, flags: "v c" });

const tokenOf = (reply: MetaReply | undefined): string | undefined => reply?.flags.find((flag) => flag.startsWith("c"))?.slice(1);
