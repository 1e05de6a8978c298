import type { Millis } from "@holdfast/session-protocol";

/** Bytes of one generation, as estimated. There are two. */
const ROOM = 1 << 21;
/** How long a generation lasts at the most: what nobody shows any more shall not stay for the life of the process. */
const AGE: Millis = 600_000;

export interface Memory<T> {
  /** About how many bytes it takes to remember this text and what was made of it. */
  readonly weigh: (text: string) => number;
  /** What strangers can make up is not worth keeping: it must not push out the rest. Default: everything is. */
  readonly worth?: (made: T) => boolean;
  /** Default: a generation lasts until it is full. */
  readonly now?: () => Millis;
}

/**
 * The same pure function, with a memory for the texts it met lately: a session comes with every request of its user. The older of two generations goes
 * when the younger is full or old, as the next text comes that is not known.
 */
export function remember<T>(make: (text: string) => T, { weigh, worth = () => true, now = () => 0 }: Memory<T>): (text: string) => T {
  let young = new Map<string, T>();
  let old = young;
  let room = ROOM;
  let until = Number.POSITIVE_INFINITY;
  return (text) => {
    const known = young.get(text);
    if (known !== undefined) return known;
    // A copy: engines keep the whole header alive for a part that was cut out of it.
    const own = ` ${text}`.slice(1);
    const made = old.get(text) ?? make(own);
    if (!worth(made)) return made;
    room -= weigh(own);
    if (room < 0 || now() >= until) {
      old = young;
      young = new Map();
      room = ROOM - weigh(own);
    }
    if (young.size === 0) until = now() + AGE;
    young.set(own, made);
    return made;
  };
}
