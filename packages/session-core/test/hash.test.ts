import { createHash, createHmac, hkdfSync } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createMac, deriveKey, digest, hkdf, mac } from "../src/lib/hash.ts";

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
const bytes = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, "hex"));
const repeat = (byte: number, length: number): Uint8Array => new Uint8Array(length).fill(byte);

describe("SHA-256, HMAC and HKDF", () => {
  it("gives the HMACs of RFC 4231", () => {
    const cases: readonly (readonly [key: Uint8Array, message: Uint8Array, expected: string])[] = [
      [repeat(0x0b, 20), Buffer.from("Hi There"), "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"],
      [Buffer.from("Jefe"), Buffer.from("what do ya want for nothing?"), "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"],
      [repeat(0xaa, 20), repeat(0xdd, 50), "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"],
      [repeat(0xaa, 131), Buffer.from("Test Using Larger Than Block-Size Key - Hash Key First"), "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"],
    ];
    for (const [key, message, expected] of cases) expect(hex(mac(key, message))).toBe(expected);
  });

  it("gives the keys of RFC 5869, appendix A.3 (no salt, no info)", () => {
    expect(hex(hkdf(repeat(0x0b, 22), bytes("")))).toBe("8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d");
  });

  it("agrees with the platform for any key and message, one prepared key used many times", () => {
    const any = fc.uint8Array({ maxLength: 300 });
    fc.assert(
      fc.property(any, any, any, (key, first, second) => {
        const prepared = createMac(key);
        for (const message of [first, second, first]) expect(hex(prepared(message))).toBe(createHmac("sha256", key).update(message).digest("hex"));
        expect(hex(digest(first))).toBe(createHash("sha256").update(first).digest("hex"));
        expect(hex(hkdf(key, first))).toBe(hex(new Uint8Array(hkdfSync("sha256", key, new Uint8Array(), first, 32))));
      }),
    );
  });

  it("derives another key for each purpose", () => {
    const secret = repeat(7, 32);
    expect(hex(deriveKey(secret, "a"))).toBe(hex(hkdf(secret, Buffer.from("holdfast/1/a"))));
    expect(hex(deriveKey(secret, "a"))).not.toBe(hex(deriveKey(secret, "b")));
  });
});
