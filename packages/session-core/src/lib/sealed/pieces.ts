import { randomBytes, toBase64url } from "../bytes.ts";

/** Octets of one cookie, name and value. Browsers take 4096, some of them with the attributes (RFC 6265bis section 5.6). */
export const COOKIE_BYTES = 3900;
/** The most that any server is told to write; every one reads as many. */
export const MOST_PIECES = 9;

/** Before each piece of a set: the set's own tag and how many pieces it has. A seal alone has no `~`. */
const PREFIX = /^[\w-]{8}([2-9])~/;
const TAG_BYTES = 6;
const TILDE = 126;
/** What follows the name of a cookie of ours. */
const PIECE = /^(?:\.[1-8])?=/;
const PREFIX_LENGTH = 10;

export interface Piece {
  readonly name: string;
  readonly value: string;
}

/** Another piece of the cookie `name`. */
const nameOf = (name: string, index: number): string => (index === 0 ? name : `${name}.${index}`);

/** A sealed text as cookies, `undefined` where it takes more than `most`. */
export function toPieces(name: string, text: string, most: number): readonly Piece[] | undefined {
  if (name.length + text.length <= COOKIE_BYTES) return [{ name, value: text }];
  const room = COOKIE_BYTES - nameOf(name, 1).length - PREFIX_LENGTH;
  const count = Math.ceil(text.length / room);
  if (count > most) return undefined;
  const prefix = `${toBase64url(randomBytes(TAG_BYTES))}${count}~`;
  return Array.from({ length: count }, (_, index) => ({ name: nameOf(name, index), value: prefix + text.slice(index * room, (index + 1) * room) }));
}

/** The sealed text of a cookie, `undefined` for a set that is not whole: pieces of two sets are never put together. */
export function fromPieces(name: string, found: Pick<ReadonlyMap<string, string>, "get">): string | undefined {
  const head = found.get(name) ?? "";
  if (head.charCodeAt(PREFIX_LENGTH - 1) !== TILDE) return head;
  const [prefix, count] = PREFIX.exec(head) ?? [];
  if (prefix === undefined) return undefined;
  let text = "";
  for (let index = 0; index < Number(count); index++) {
    const value = found.get(nameOf(name, index));
    if (!value?.startsWith(prefix) || value.length > COOKIE_BYTES) return undefined;
    text += value.slice(PREFIX_LENGTH);
  }
  return text;
}

/**
 * Our cookies in a Cookie header and their pieces, in linear time, by name. `duplicate` when a name occurs twice: the order of cookies proves nothing,
 * so neither is believed (cookie tossing, RFC 6265bis section 4.2.2).
 */
export function findPieces(header: string | null, names: readonly string[]): ReadonlyMap<string, string> | "duplicate" {
  const found = new Map<string, string>();
  for (const [name, value] of piecesIn(header, names)) {
    if (found.has(name)) return "duplicate";
    found.set(name, value);
  }
  return found;
}

type Found = readonly [name: string, value: string];

/** Each piece that came, as often as it came. */
export function* piecesIn(header: string | null, names: readonly string[]): Generator<Found> {
  const base = names[0]?.slice(0, -1) ?? "";
  let start = 0;
  while (header && start < header.length) {
    let end = header.indexOf(";", start);
    if (end < 0) end = header.length;
    while (header.charCodeAt(start) === 32 || header.charCodeAt(start) === 9) start++;
    if (header.startsWith(base, start)) {
      const afterName = start + base.length + 1;
      const [piece] = PIECE.exec(header.slice(afterName, afterName + 3)) ?? [];
      const name = header.slice(start, afterName);
      if (piece !== undefined && names.includes(name)) {
        yield [name + piece.slice(0, -1), header.slice(afterName + piece.length, end).trim()];
      }
    }
    start = end + 1;
  }
}

/** Every sealed text that pieces can be put together to where some came twice: the tag of a set says which are of one. Each may be a session that a sign-out has to end. */
export function textsOf(pieces: readonly Found[], names: readonly string[]): readonly Found[] {
  const tagged = new Map(pieces.map(([name, value]) => [name + value.slice(0, PREFIX_LENGTH), value]));
  return pieces.flatMap(([head, value]): readonly Found[] => {
    const text = names.includes(head) ? fromPieces(head, { get: (name) => (name === head ? value : tagged.get(name + value.slice(0, PREFIX_LENGTH))) }) : undefined;
    return text === undefined ? [] : [[head, text]];
  });
}
/** The cookie that this one is a piece of. */
export const headOf = (name: string, names: readonly string[]): string => (names.includes(name) ? name : name.slice(0, -2));
