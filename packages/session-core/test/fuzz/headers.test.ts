import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isCacheable } from "../../src/index.ts";
import { createDecode, encodeCredential, newSessionId } from "../../src/lib/token/credential.ts";
import { createKeyRing } from "../../src/lib/token/key-ring.ts";
import { createCookieTransport } from "../../src/lib/transport/cookie.ts";
import { readSource } from "../../src/lib/transport/source.ts";
import { KEYS } from "../support.ts";
import { damaged, hostileText, KB, longTexts, MB } from "./hostile.ts";
import { family, must } from "./inputs.ts";

const ring = createKeyRing(KEYS, "default");
const cookies = createCookieTransport();
const credential = { id: newSessionId(), chain: 0, step: 1, secret: new Uint8Array(32).fill(5) };
const bearer = encodeCredential(credential, ring, "bearer");
const decode = createDecode(ring, Date.now);
const cookie = `${cookies.names[0]}=${encodeCredential(credential, ring, "cookie")}`;

/** Headers that may hold anything, also what no runtime would let through. */
const headersOf = (fields: Readonly<Record<string, string | undefined>>): Headers =>
  Object.setPrototypeOf({ get: (name: string) => fields[name.toLowerCase()] ?? null, keys: () => Object.keys(fields).values() }, Headers.prototype) as Headers;
const read = (fields: Readonly<Record<string, string | undefined>>): ReturnType<typeof readSource> => readSource(headersOf(fields), {}, decode, cookies);

describe("request headers", () => {
  const each = family("headers");

  it("[A05] Authorization: our credential in any case and spacing, and nothing damaged; what is not ours leaves the cookie to count", () =>
    each(0.3, fc.tuple(fc.constantFrom("Bearer ", "bearer ", "BEARER   ", "bEaReR "), fc.oneof(damaged(fc.constant(bearer)), fc.constant({ valid: bearer, text: bearer })), fc.constantFrom("", " ", "  ")), ([scheme, { text }, end]) => {
      const { presented, transport, rejected } = read({ authorization: `${scheme}${text}${end}`, cookie });
      const token = `${scheme}${text}${end}`.replace(/^bearer +/i, "").trimEnd();
      if (token === bearer) return must(presented.length === 1 && transport === "bearer", "refused our own");
      must(transport !== "bearer", "a damaged bearer credential authenticated");
      const ours = /^[\w-]{96}$/.test(token);
      must(ours ? presented.length === 0 && rejected !== "malformed" : transport === "cookie", "wrong fallback");
    }));

  it("any headers are read without throwing, and give no session", () =>
    each(0.3, fc.record({ authorization: hostileText(), cookie: hostileText(), "session-activity": hostileText(20), "sec-purpose": hostileText(20), purpose: hostileText(20), "sec-fetch-mode": hostileText(20) }, { requiredKeys: [] }), (fields) => {
      const incoming = read(fields);
      must(incoming.presented.length === 0, "authenticated");
      const said = fields["session-activity"]?.trim().toLowerCase() === "none" || (fields["sec-purpose"] ?? fields.purpose ?? "").includes("prefetch");
      must(incoming.activity() === !said, "activity");
      must(incoming.navigation() === (fields["sec-fetch-mode"] === "navigate"), "navigation");
    }));

  it("[J01] Cache-Control: cacheable is what says so and has no word against it, in any order, case and spacing", () => {
    const yes = fc.constantFrom("public", "immutable", "max-age=60", "max-age=\"60\"", "max-age=007", "s-maxage=1", "s-maxage = 5", "max-age =31536000", "stale-while-revalidate=60", "stale-if-error=1");
    const no = fc.constantFrom("no-store", "no-cache", "private", "no-cache=\"set-cookie\"", "private=\"x-a\"");
    const neither = fc.constantFrom("max-age=0", "max-age=\"0\"", "s-maxage=00", "must-revalidate", "no-transform", "stale-while-revalidate=0", "x-max-age=5", "x-public", "ext=1", "min-fresh=9");
    const directive = fc.oneof(yes.map((text) => ({ text, is: 1 })), no.map((text) => ({ text, is: -1 })), neither.map((text) => ({ text, is: 0 })));
    const spelled = fc.tuple(fc.array(directive, { maxLength: 5 }), fc.constantFrom(",", ", ", " ,\t", ",,"), fc.boolean());
    return each(0.2, spelled, ([directives, separator, upper]) => {
      const control = directives.map(({ text }) => text).join(separator);
      const expected = directives.some(({ is }) => is > 0) && !directives.some(({ is }) => is < 0);
      must(isCacheable(headersOf({ "cache-control": upper ? control.toUpperCase() : control })) === expected, `${control} is ${expected ? "" : "not "}cacheable`);
    });
  });

  it("[J01] any Cache-Control is read without throwing, and one that holds no-store is never cacheable", () =>
    each(0.2, fc.tuple(hostileText(), fc.boolean()), ([control, forbidden]) => {
      const cacheable = isCacheable(headersOf({ "cache-control": forbidden ? `${control},no-store` : control }));
      must(!forbidden || !cacheable, "cacheable in spite of no-store");
    }));

  it("64 KB and 4 MB are read in one pass, whatever they repeat", () => {
    for (const size of [64 * KB, 4 * MB]) {
      for (const long of longTexts(size)) {
        expect(read({ authorization: `Bearer ${long}`, cookie: long, "session-activity": long, "sec-purpose": long }).presented).toEqual([]);
        expect(typeof isCacheable(headersOf({ "cache-control": long }))).toBe("boolean");
        expect(typeof isCacheable(headersOf({ "cache-control": long.replace("\u0001", "x") }))).toBe("boolean");
      }
    }
  });
});
