import { describe, expect, it } from "vitest";
import { equalBytes, randomBytes } from "../src/lib/bytes.ts";

/** The same bytes, and a count of the elements that were read. */
function watched(bytes: Uint8Array): { bytes: Uint8Array; reads: number[] } {
  const reads: number[] = [];
  const proxy = new Proxy(bytes, {
    get(target, property) {
      if (typeof property === "string" && /^\d+$/.test(property)) reads.push(Number(property));
      return Reflect.get(target, property) as unknown;
    },
  });
  return { bytes: proxy, reads };
}

describe("comparing secrets", () => {
  it("[A12] reads every byte of both, in the same order, wherever they differ and however much", () => {
    const secret = randomBytes(16);
    const all = Array.from({ length: 16 }, (_, i) => i);
    const flipped = (...places: number[]): Uint8Array => secret.map((byte, i) => (places.includes(i) ? byte ^ 1 : byte));
    for (const other of [secret.slice(), flipped(0), flipped(15), flipped(7), flipped(...all), new Uint8Array(16)]) {
      const [a, b] = [watched(secret), watched(other)];
      expect(equalBytes(a.bytes, b.bytes)).toBe(secret.every((byte, i) => byte === other[i]));
      expect(a.reads).toEqual(all);
      expect(b.reads).toEqual(all);
    }
  });

  it("another length is another value, and no byte of it is read", () => {
    const [a, b] = [watched(new Uint8Array(16)), watched(new Uint8Array(15))];
    expect(equalBytes(a.bytes, b.bytes)).toBe(false);
    expect([...a.reads, ...b.reads]).toEqual([]);
  });
});
