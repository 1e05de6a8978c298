import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { itemOf, quote, skippedOf } from "../../src/lib/bound/items.ts";
import { createStamps, type Purpose } from "../../src/lib/bound/stamps.ts";
import { createTicketCookie } from "../../src/lib/bound/ticket-cookie.ts";
import { createKeyRing } from "../../src/lib/token/key-ring.ts";
import { KEYS, keyOf } from "../support.ts";

describe("header values", () => {
  it("[I08] a string is read quoted and bare, with and without parameters", () => {
    for (const [header, value] of [
      ["abc-_.~", "abc-_.~"], [' "abc" ', "abc"], ['"a\\"b\\\\c"', 'a"b\\c'], ['"abc";x=1', "abc"], ["abc;x=1", "abc"], ["abc ; x", "abc"], ['""', ""],
      [null, undefined], [undefined, undefined], ["", undefined], ["  ", undefined], ['"abc', undefined], ['abc"', undefined], ['"a"b"', undefined], ["a b", undefined], ["a,b", undefined], ['"a\\x"', undefined], ['"\u00e9"', undefined], ["x".repeat(8193), undefined],
    ] as const) expect(itemOf(header), String(header)).toBe(value);
  });

  it("[I08] reads back what is quoted, and takes any input", () => {
    fc.assert(fc.property(fc.string({ unit: fc.integer({ min: 32, max: 126 }).map((code) => String.fromCodePoint(code)), maxLength: 100 }), (text) => itemOf(quote(text)) === text));
    fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => typeof (itemOf(text) ?? "") === "string" && typeof (skippedOf(text, "a") ?? "") === "string"));
    for (const hostile of ['"'.repeat(8000), `"${"\\".repeat(8000)}`, `"${'\\"'.repeat(4000)}`, ";".repeat(8000), `a${" ".repeat(8000)}b`, ",".repeat(8000)]) {
      expect([itemOf(hostile), skippedOf(hostile, "a")], hostile.slice(0, 9)).toEqual([undefined, undefined]);
    }
  });

  it("[I12] the reason of a skipped refresh is one of three", () => {
    expect(skippedOf(`unreachable${";session_identifier=".repeat(400)}`, "a")).toBeUndefined();
    for (const [header, reason] of [["unreachable", "unreachable"], ['server_error;session_identifier="c"', undefined], ["server_error;session_identifier", "server_error"], ['server_error; session_identifier="c", unreachable', "unreachable"], ["other, quota_exceeded", "quota_exceeded"], ["quota_exceeded,unreachable", "unreachable"], ["Unreachable", undefined], ['"unreachable"', undefined], ["", undefined], [null, undefined]] as const) expect(skippedOf(header, "a,b"), String(header)).toBe(reason);
  });
});

describe("stamps", () => {
  const NOW = Date.UTC(2026, 0, 1);
  const ring = createKeyRing(KEYS, "default");
  const stamps = createStamps(ring, "default");

  it("[I02] is good until its time, for its purpose and its session, in its realm", () => {
    const stamp = stamps.make("refresh", "s", NOW + 1000, 16);
    expect(stamps.check("refresh", "s", stamp, NOW + 999, 16)).toBe("good");
    expect(stamps.check("refresh", "s", stamp, NOW + 1000, 16)).toBe("expired");
    expect(stamps.check("refresh", "t", stamp, NOW, 16)).toBe("forged");
    for (const purpose of ["ticket", "register", "authorization"] satisfies Purpose[]) expect(stamps.check(purpose, "s", stamp, NOW, 16)).toBe("forged");
    expect(createStamps(createKeyRing(KEYS, "other"), "other").check("refresh", "s", stamp, NOW, 16)).toBe("forged");
    expect(stamps.make("refresh", "s", NOW + 1000, 16)).not.toBe(stamp);
    expect(stamps.make("ticket", "s", NOW)).toBe(stamps.make("ticket", "s", NOW));
  });

  it("[I02] one changed character makes it worthless, and what is none is forged, without a throw", () => {
    const stamp = stamps.make("ticket", "s", NOW + 1000);
    for (let at = 0; at < stamp.length; at++) {
      const changed = stamp.slice(0, at) + (stamp[at] === "B" ? "C" : "B") + stamp.slice(at + 1);
      expect(["forged", "indeterminate"], String(at)).toContain(stamps.check("ticket", "s", changed, NOW));
    }
    for (const none of [undefined, null, 1, {}, [stamp], "", "x", `${stamp}A`, stamp.slice(1), "!".repeat(32), "\u{1F600}".repeat(16)]) expect(stamps.check("ticket", "s", none, NOW)).toBe("forged");
    fc.assert(fc.property(fc.string({ unit: "binary", minLength: 32, maxLength: 32 }), (text) => stamps.check("ticket", "s", text, NOW) !== "good"));
  });

  it("is made with the active key, and good while its key is in the ring", () => {
    const [old = keyOf(7, "active")] = KEYS.keys;
    const stamp = stamps.make("ticket", "s", NOW + 1000);
    const rotated = createKeyRing({ ...KEYS, keys: [{ ...old, state: "retired" }, keyOf(8, "active")] }, "default");
    expect(createStamps(rotated, "default").check("ticket", "s", stamp, NOW)).toBe("good");
    const gone = createKeyRing({ ...KEYS, keys: [keyOf(8, "active")] }, "default");
    expect(createStamps(gone, "default").check("ticket", "s", stamp, NOW)).toBe("indeterminate");
    expect(stamps.check("ticket", "s", createStamps(rotated, "default").make("ticket", "s", NOW + 1000), NOW)).toBe("indeterminate");
  });
});

describe("the cookie of the ticket", () => {
  const cookie = createTicketCookie("bound", { path: "/", secure: true, httpOnly: true, sameSite: "lax" });

  it("[I09] [B17] is set and cleared with the attributes that the instructions name", () => {
    expect(cookie.set("handle-of-it-all", "t", 285)).toBe(`__Host-bound-handle-o=t; Max-Age=285; ${cookie.attributes}`);
    expect(cookie.clear("handle-of-it-all")).toBe(`__Host-bound-handle-o=; Max-Age=0; ${cookie.attributes}; Expires=Thu, 01 Jan 1970 00:00:00 GMT`);
    expect(cookie.attributes).not.toMatch(/max-age|expires|partitioned|domain/i);
  });

  it("is found among any others, and not in them", () => {
    expect(cookie.read("a=b; __Host-bound-12345678=x;__Host-bound-12345678=y; c=__Host-bound-12345678=z", "1234567890")).toEqual(["x", "y"]);
    for (const header of [null, "", ";;;", "__Host-bound-1234567=x", "__host-bound-12345678=x", "=", "__proto__=x"]) expect(cookie.read(header, "1234567890")).toEqual([]);
    expect(cookie.read("__Host-bound-12345678=x; ".repeat(1000), "1234567890").length).toBeLessThan(10);
  });
});
