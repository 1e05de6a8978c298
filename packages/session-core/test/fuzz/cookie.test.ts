import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { HoldfastError } from "../../src/index.ts";
import { randomBytes, toBase64url } from "../../src/lib/bytes.ts";
import { type CookieOptions, createCookieTransport, findCookies, type FoundCookie } from "../../src/lib/transport/cookie.ts";
import { deepJson, FRAGMENTS, hostileText, KB, longTexts, looksOf, MB, OURS } from "./hostile.ts";
import { family, must } from "./inputs.ts";
import { HTTP_STATE } from "./http-state.ts";
import { parseSetCookie } from "./set-cookie.ts";

const { names } = createCookieTransport();
const [nameA = "", nameB = ""] = names;
const name = fc.constantFrom(...names);
const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);

/** The plain way to say what `findCookies` has to find. */
function model(header: string, wanted: readonly string[]): readonly FoundCookie[] | "duplicate" {
  const pairs = header.split(";").map((part) => part.replace(/^[ \t]+/, ""));
  const found = pairs.flatMap((pair) => {
    const at = pair.indexOf("=");
    const name = pair.slice(0, Math.max(0, at));
    return at > 0 && wanted.includes(name) ? [{ name, value: pair.slice(at + 1).trim() }] : [];
  });
  return new Set(found.map(({ name }) => name)).size < found.length ? "duplicate" : found;
}

describe("Cookie", () => {
  const each = family("cookie");

  it("[B16] any header is read as the plain model reads it, without throwing", () =>
    each(0.4, hostileText(400), (header) => {
      must(same(findCookies(header, names), model(header, names)), "differs from the model");
      must(Object.getPrototypeOf({}) === Object.prototype && !("polluted" in {}), "prototype");
    }));

  it("[B05] [B15] [B16] among other cookies ours are found as they were sent; twice is `duplicate`", () => {
    const value = fc.string({ unit: fc.constantFrom(..."ABCxyz019-_"), maxLength: 96 });
    const other = fc.constantFrom(...FRAGMENTS, ...OURS, "__Host-sid-", "__Host-sid-j", "__Host-sid-aa").filter((text) => !/[;=]/.test(text) && !names.includes(text));
    const ours = fc.tuple(name, value);
    const pairs = fc.array(fc.oneof({ weight: 3, arbitrary: fc.tuple(other, value) }, { weight: 1, arbitrary: ours }), { maxLength: 12 });
    return each(0.3, fc.tuple(pairs, fc.constantFrom("; ", ";", ";  ", ";\t")), ([sent, separator]) => {
      const expected = sent.filter(([name]) => names.includes(name)).map(([name, text]) => ({ name, value: text }));
      const twice = new Set(expected.map(({ name }) => name)).size < expected.length;
      const found = findCookies(sent.map(([name, text]) => `${name}=${text}`).join(separator), names);
      must(twice ? found === "duplicate" : same(found, expected), JSON.stringify(found));
    });
  });

  it("[B14] [B16] the http-state vectors around ours neither hide nor change it, and read back themselves", () => {
    const value = toBase64url(randomBytes(72));
    for (const { name, value: theirs } of HTTP_STATE) {
      const pair = `${name}=${theirs}`;
      for (const header of [`${pair}; ${nameA}=${value}`, `${nameA}=${value}; ${pair}`, `${pair}; ${nameA}=${value}; ${pair}`]) expect(findCookies(header, names)).toEqual([{ name: nameA, value }]);
      expect(findCookies(`${nameB}=${theirs}; ${pair}`, names)).toEqual([{ name: nameB, value: theirs }]);
    }
  });

  it("[B01] [B02] [B03] [B07] [B08] [B09] [B11] [B12] [B17] any options give an attribute line that a browser reads as it was meant, or a `config` error that names the option", () => {
    const text = fc.oneof(hostileText(30), fc.constantFrom("sid", "/", "/app", "example.com", "a b", "/a;b", " /", "x".repeat(1025)));
    const option = <T>(values: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(values, { nil: undefined, freq: 2 });
    const options = fc.record({
      name: option(fc.oneof(fc.constantFrom("sid", "s.1", "~"), text)),
      prefix: option(fc.constantFrom("__Host-", "__Host-Http-", "__Secure-", "none", "__Secure-", "none")),
      sameSite: option(fc.constantFrom("lax", "strict", "none")),
      allowCrossSite: option(fc.boolean()),
      domain: option(text),
      path: option(text),
      secure: option(fc.boolean()),
    });
    return each(0.3, fc.tuple(options, fc.integer({ min: 0, max: 255 })), ([given, chain]) => {
      const chosen = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as CookieOptions;
      let transport;
      try {
        transport = createCookieTransport(chosen);
      } catch (error) {
        return must(error instanceof HoldfastError && error.code === "config" && error.option?.startsWith("cookie.") === true, String(error));
      }
      const { name = "sid", prefix = "__Host-", sameSite = "lax", domain, path = "/", secure = true } = chosen;
      const full = transport.nameOf(chain);
      must(transport.names.includes(full) && full.startsWith(`${prefix === "none" ? "" : prefix}${name}-`), full);
      const expected = { name: full, path, ...(domain === undefined ? {} : { domain }), secure, httpOnly: true, sameSite };
      const set = transport.set(chain, "v-_1");
      must(same(parseSetCookie(set.header), { ...expected, value: "v-_1" }), set.header);
      const cleared = transport.clear(full);
      must(same(parseSetCookie(cleared.header), { ...expected, value: "", maxAge: 0, expires: "Thu, 01 Jan 1970 00:00:00 GMT" }), cleared.header);
      must(same({ name: full, ...set.options }, expected) && same({ name: full, ...cleared.options }, { ...expected, maxAge: 0 }), "options differ from the header");
      if (prefix !== "none") must(secure, "a prefix without Secure");
      if (prefix.startsWith("__Host-")) must(domain === undefined && path === "/", "__Host- with Domain or Path");
      if (sameSite === "none") must(secure && chosen.allowCrossSite === true, "SameSite=None by accident");
    });
  });

  it("[B16] the work is linear in the header: at most three looks per character, whatever it repeats", () => {
    const scan = (text: string): unknown => findCookies(text, names);
    for (const header of longTexts(64 * KB)) {
      // Each piece costs its characters, and two comparisons with names of a fixed length.
      const pieces = header.split(";").length;
      expect(looksOf(scan, header)).toBeLessThanOrEqual(3 * header.length + pieces * (2 * nameA.length + 8));
    }
    for (const header of longTexts(4 * MB)) findCookies(header, names);
    for (const header of deepJson()) expect(findCookies(header, names)).toEqual([]);
  });

  it("the count would show a scanner that goes back: a quadratic one is caught at once", () => {
    const goesBack = (text: string): void => {
      for (let at = 0; at < text.length; at = text.indexOf(";", at) + 1) {
        text.slice(0, at);
        if (text.indexOf(";", at) < 0) return;
      }
    };
    const header = ";".repeat(4 * KB);
    expect(looksOf(goesBack, header)).toBeGreaterThan(500 * header.length);
  });
});
