import type { Millis } from "@holdfast/session-protocol";
import type { SessionId, StoredSession } from "../port.ts";

export interface Copy {
  readonly row: StoredSession;
  /** When the engine was asked for it, on the monotonic clock. */
  readonly asked: Millis;
}

/** Rows of this process, those met lately, within a bound of bytes. */
export interface Copies {
  get(id: SessionId): Copy | undefined;
  set(copy: Copy): void;
  delete(id: string): void;
  /** @param prefix of their ids. */
  deleteAll(prefix: string): void;
  clear(): void;
  readonly size: number;
  /** As estimated, from above. */
  readonly bytes: number;
}

/** An entry of the map, the object, its strings' heads. */
const PER_ROW = 500;
const weigh = ({ row }: Copy): number => PER_ROW + 2 * row.body.length;

/** Two generations of half the bytes each: the older one goes when the younger is full, and what was met again has moved over by then. */
export function createCopies(maxBytes: number): Copies {
  let young = new Map<string, Copy>();
  let old = new Map<string, Copy>();
  let youngBytes = 0;
  let oldBytes = 0;
  const remove = (id: string): void => {
    const inYoung = young.get(id);
    if (inYoung && young.delete(id)) youngBytes -= weigh(inYoung);
    const inOld = old.get(id);
    if (inOld && old.delete(id)) oldBytes -= weigh(inOld);
  };
  const set = (copy: Copy): void => {
    remove(copy.row.id);
    const bytes = weigh(copy);
    if (bytes > maxBytes / 2) return;
    if (youngBytes + bytes > maxBytes / 2) {
      old = young;
      oldBytes = youngBytes;
      young = new Map();
      youngBytes = 0;
    }
    young.set(copy.row.id, copy);
    youngBytes += bytes;
  };
  return {
    get(id) {
      const known = young.get(id);
      if (known) return known;
      const copy = old.get(id);
      if (copy) set(copy);
      return copy;
    },
    set,
    delete: remove,
    deleteAll(prefix) {
      for (const id of [...young.keys(), ...old.keys()]) if (id.startsWith(prefix)) remove(id);
    },
    clear() {
      young.clear();
      old.clear();
      youngBytes = 0;
      oldBytes = 0;
    },
    get size() {
      return young.size + old.size;
    },
    get bytes() {
      return youngBytes + oldBytes;
    },
  };
}
