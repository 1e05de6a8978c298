import fc from "fast-check";
import { DRILL } from "./inputs.ts";

/** What parsers were broken with before: names of prototypes, bad escapes, line breaks, NUL, half characters, markup, long digits. */
export const FRAGMENTS: readonly string[] = [
  "__proto__", "constructor", "prototype", "toString", "hasOwnProperty", "__defineGetter__",
  "%", "%ZZ", "%00", "%u0000", "%C0%AF", "%e0%80%80", "%2e%2e%2f", "%25%32%35",
  "\r\n", "\r\nSet-Cookie: a=b", "\n", "\r", "\0", "\t", "\v", "\f", "\u0085", "\u00a0", "\u2028", "\u2029", "\ufeff", "\u200b", "\u202e",
  "\ud800", "\udfff", "\udc00\ud800", "\u{10ffff}", "é", "e\u0301", "İ", "ß", "K",
  "=", ";", ",", "; ", ", ", "\"", "\\", "\\\"", "'", "`", "$", "*", "(", "[", "{", "}", "]", ")", "<!--", "<script>", "${7*7}", "{{7*7}}",
  "-", "_", "+", "/", "==", ".", "..", "../", "~", "|", "&", "&amp;", "?", "#", ":", "@", "//", " ", "  ",
  "A", "AA", "AAA", "AAAA", "AAAAA", "0", "-0", "1", "-1", "1e999", "1e-999", "9007199254740993", "999999999999999", "9999999999999999", "0x10", "1_000", "NaN", "Infinity", "1.", ".1", "١",
  "null", "true", "false", "undefined", "[]", "{}", "[[", "{\"a\":", "[object Object]", "A'; DROP TABLE x--", "admin",
];

/** Names and words of our own wire format, so that mixtures come close to what is valid. */
export const OURS: readonly string[] = [
  "__Host-sid-a", "__Host-sid-b", "__host-sid-a", "__Secure-sid-a", "sid-a", "idle", "absolute", "epoch", "idle=1", "absolute=2", "epoch=\"e\"",
  "Bearer ", "bearer", "none", "prefetch", "public", "private", "no-store", "no-cache", "max-age=60", "max-age=0", "s-maxage=1", "immutable",
  "state", "active", "guest", "ended", "logout", "reuse", "scope", "this", "others", "all", "subject", "data",
];

/** Any text: of all code units, of printable characters, or put together from the fragments above. */
export const hostileText = (max = 200): fc.Arbitrary<string> =>
  fc.oneof(
    { weight: 2, arbitrary: fc.string({ unit: "binary", maxLength: max }) },
    { weight: 1, arbitrary: fc.string({ maxLength: max }) },
    { weight: 4, arbitrary: fc.array(fc.constantFrom(...FRAGMENTS, ...OURS), { maxLength: Math.ceil(max / 8) }).map((parts) => parts.join("")) },
    { weight: 1, arbitrary: fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: Math.ceil(max / 4) }).map((units) => String.fromCharCode(...units)) },
  );

/** One small damage to a text, never the text itself: what a bad network, a bad proxy or an attacker does to a valid value. */
export const damaged = (texts: fc.Arbitrary<string>): fc.Arbitrary<{ readonly valid: string; readonly text: string }> =>
  fc
    .tuple(texts, fc.array(damage, { minLength: 1, maxLength: 3 }))
    .map(([valid, damages]) => ({ valid, text: damages.reduce((text, { kind, at, by }) => apply(text, kind, at, by), valid) }))
    .filter(({ valid, text }) => valid !== text);

type Kind = "replace" | "insert" | "delete" | "swap" | "cut" | "head" | "double" | "case" | "escape" | "reverse";

const damage = fc.record({
  kind: fc.constantFrom<Kind>("replace", "replace", "replace", "insert", "delete", "swap", "cut", "head", "double", "case", "escape", "reverse"),
  at: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
  by: fc.oneof(fc.constantFrom(...FRAGMENTS), fc.string({ unit: "binary", minLength: 1, maxLength: 1 }), fc.constantFrom(..."ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")),
});

function apply(text: string, kind: Kind, place: number, by: string): string {
  const at = Math.floor(place * text.length);
  const [before, here, after] = [text.slice(0, at), text.charAt(at), text.slice(at + 1)];
  switch (kind) {
    case "replace":
      return before + by + after;
    case "insert":
      return before + by + here + after;
    case "delete":
      return before + after;
    case "swap":
      return before + after.charAt(0) + here + after.slice(1);
    case "cut":
      return before;
    case "head":
      return here + after;
    case "double":
      return before + here + here + after;
    case "case":
      return before + (here === here.toLowerCase() ? here.toUpperCase() : here.toLowerCase()) + after;
    case "escape":
      return `${before}%${(here.codePointAt(0) ?? 0).toString(16).padStart(2, "0")}${after}`;
    case "reverse":
      return [...text].reverse().join("");
  }
}

export const KB = 1024;
export const MB = 1024 * KB;
/** What a header may have at the most in practice, and far more than any server lets through. */
export const SIZES = [64 * KB, 4 * MB] as const;

const PUMPS = ["a", "=", ";", "; ", ",", ", ", " ", "\t", "\"", "\\", "\\\"", "\0", "\ud800", "0", "9", "-", "a=", "a=b; ", "a=b,", "__Host-sid-a", "__Host-sid-a=", "__Host-sid-a;", " __Host-sid-b =", "__proto__=1; ", "%", "max-age", "max-age=", "max-age = ", "max-age=0", "public ", "bearer ", "idle=1,", "a;b;", "a=\"\\\"", "[", "{\"a\":", "[1,"];
const FEW = [";", " ", "=", "0", "a=b; ", "max-age = ", "[1,"];

/**
 * Long texts that make a scanner with a hidden loop go back over what it has seen: repetitions, with an end that fails. Of 4 MB only a few
 * outside drills. A scanner whose work is quadratic would need hours for one of these.
 */
export function* longTexts(size: number): Generator<string> {
  const few = size > 64 * KB && !DRILL;
  for (const pump of few ? FEW : PUMPS) {
    const body = pump.repeat(Math.ceil(size / pump.length)).slice(0, size);
    yield `${body}\u0001`;
    if (few) continue;
    yield body;
    yield `max-age=${body}x`;
  }
}

export const DEPTH = 10_000;
/** JSON that is ten thousand levels deep, closed and unclosed. */
export const deepJson = (): readonly string[] => [
  "[".repeat(DEPTH) + "]".repeat(DEPTH),
  "{\"a\":".repeat(DEPTH) + "1" + "}".repeat(DEPTH),
  "[".repeat(DEPTH),
  "{\"a\":".repeat(DEPTH),
];

/**
 * Stands in for a string and counts the characters that a scanner looks at, whatever the machine. It offers what our scanners use;
 * anything else is not there and fails loudly.
 */
export class CountedText {
  looks = 0;
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  get length(): number {
    return this.#text.length;
  }

  charCodeAt(at: number): number {
    this.looks++;
    return this.#text.charCodeAt(at);
  }

  indexOf(wanted: string, from = 0): number {
    const at = this.#text.indexOf(wanted, from);
    this.looks += (at < 0 ? this.#text.length : at) - from + wanted.length;
    return at;
  }

  startsWith(wanted: string, from = 0): boolean {
    this.looks += wanted.length;
    return this.#text.startsWith(wanted, from);
  }

  slice(from: number, to = this.#text.length): string {
    this.looks += Math.max(0, to - from);
    return this.#text.slice(from, to);
  }
}

/** How many characters a scanner looks at in a text. */
export function looksOf(scan: (text: string) => unknown, text: string): number {
  const counted = new CountedText(text);
  scan(counted as unknown as string);
  return counted.looks;
}
