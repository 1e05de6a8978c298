import fc from "fast-check";
import { Hono } from "hono";
import { describe, expect, it } from "vitest";
import { damaged, deepJson, FRAGMENTS, hostileText, KB, longTexts, MB, OURS } from "../../session-core/test/fuzz/hostile.ts";
import { familyOfRequests, must } from "../../session-core/test/fuzz/inputs.ts";
import { readJson } from "../src/lib/read-body.ts";
import { ORIGIN, signedIn, world } from "./support.ts";

const LIMIT = 1024;
const utf8 = new TextEncoder();

const reader = new Hono();
reader.post("/", async (c) => {
  const read = await readJson(c);
  return read instanceof Response ? read : c.text(JSON.stringify(read));
});

/** The body in pieces, as a network brings it. */
const stream = (bytes: Uint8Array, piece: number): ReadableStream<Uint8Array> => {
  let at = 0;
  return new ReadableStream({
    pull(controller) {
      if (at >= bytes.length) return controller.close();
      controller.enqueue(bytes.slice(at, (at += piece)));
    },
  });
};
const post = (bytes: Uint8Array, type: string | undefined, piece: number) =>
  reader.request(new Request(`${ORIGIN}/`, { method: "POST", body: stream(bytes, piece), headers: type === undefined ? {} : { "content-type": type }, duplex: "half" } as RequestInit));

/** What the reader has to say, said plainly. */
function model(bytes: Uint8Array, type: string | undefined): string | 400 {
  if (bytes.length > LIMIT) return 400;
  // Of two byte order marks in a row Hono's reader, which decodes twice, drops both.
  const text = new TextDecoder().decode(bytes).replace(/^\ufeff/, "");
  if (text === "") return "{}";
  if (type === undefined || type.split(";")[0]?.trim().toLowerCase() !== "application/json") return 400;
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? JSON.stringify(value) : 400;
  } catch {
    return 400;
  }
}

const objects = fc.dictionary(fc.constantFrom(...FRAGMENTS, ...OURS), fc.jsonValue({ maxDepth: 2 }), { maxKeys: 4 }).map((object) => JSON.stringify(object));
const bodies = fc.oneof(
  objects.map((text) => utf8.encode(text)),
  damaged(objects).map(({ text }) => utf8.encode(text)),
  fc.json().map((text) => utf8.encode(text)),
  hostileText(300).map((text) => utf8.encode(text)),
  fc.uint8Array({ maxLength: 64 }),
  fc.tuple(objects, fc.integer({ min: 1000, max: 1100 })).map(([text, length]) => utf8.encode(text.padEnd(length))),
  fc.constantFrom('{"__proto__":{"scope":"all"}}', '{"scope":"this","scope":"all"}', "\ufeff{}", "{}\0").map((text) => utf8.encode(text)),
);
const types = fc.constantFrom(undefined, "application/json", "APPLICATION/JSON; charset=utf-8", "application/json ;x", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/jsonx", "application/json, text/plain", " application/json", "x/application/json", "");

/** A header value that a client can really send: no line breaks and nothing beyond Latin-1. */
const fieldOf = (text: string): string => [...text].map((unit) => (/[\r\n\0]/.test(unit) || unit > "\u00ff" ? "?" : unit)).join("");

describe("JSON readers", () => {
  const each = familyOfRequests("JSON bodies and hostile requests");

  it("[E12] a body is read as the plain model reads it: a JSON object of at most 1 KB that says it is JSON, or 400", () =>
    each(0.7, fc.tuple(bodies, types, fc.constantFrom(1, 7, 4096)), async ([bytes, type, piece]) => {
      const response = await post(bytes, type, piece);
      const expected = model(bytes, type);
      const got = await response.text();
      must(expected === 400 ? response.status === 400 && response.headers.get("content-type") === "application/problem+json" : response.status === 200 && got === expected, `${response.status} ${got} instead of ${expected}`);
    }));

  it("[A10] [J02] whatever a request holds, it is no 500, names nobody and gives no credential", async () => {
    const { app, events } = world();
    const browser = await signedIn(app);
    const [credential = ""] = browser.jar.values();
    const value = fc.oneof(hostileText(120), damaged(fc.constant(credential)).map(({ text }) => text)).map(fieldOf);
    const request = fc.record({
      method: fc.constantFrom("GET", "POST", "DELETE", "PUT", "OPTIONS"),
      path: fc.constantFrom("/session", "/session/touch", "/session/refresh", "/session/logout", "/session/devices", "/session/devices/", "/private", "/admin", "/cart", "/", "/nowhere"),
      tail: fc.oneof(fc.constant(""), hostileText(30).map((text) => encodeURI(Buffer.from(text).toString())), fc.constantFrom("%", "%ZZ", "%00", "?sid=x", "//", "/../..")),
      headers: fc.record({ cookie: fc.tuple(fc.constantFrom(...browser.jar.keys()), value).map(([name, text]) => `${name}=${text}`), authorization: value.map((text) => `Bearer ${text}`), origin: value, referer: value, "sec-fetch-site": fc.oneof(fc.constant("same-origin"), value), "sec-fetch-mode": value, "session-activity": value, "content-type": value }, { requiredKeys: ["sec-fetch-site"] }),
      body: fc.option(hostileText(60), { nil: undefined }),
    });
    await each(0.3, request, async ({ method, path, tail, headers, body }) => {
      const cookie = headers.cookie?.split(";")[0]?.split("=")[1]?.trim() === credential;
      if (cookie) return;
      const response = await app.request(new Request(ORIGIN + path + tail, { method, headers, ...(body !== undefined && method !== "GET" ? { body } : {}) }));
      const text = await response.text();
      must(response.status < 500 || response.status === 503, `${response.status} ${text}`);
      must(!text.includes("ada") && !text.includes("at file:") && !text.includes(credential), text);
    });
    expect(events.filter(({ type }) => type === "store_failed")).toEqual([]);
  });

  it("ten thousand levels, 64 KB and 4 MB: 400 after the first KB", async () => {
    for (const text of [...deepJson(), ...longTexts(64 * KB), ...longTexts(4 * MB)]) {
      const bytes = utf8.encode(text);
      let pulled = 0;
      const body = new ReadableStream<Uint8Array>({
        pull(controller) {
          if (pulled >= bytes.length) return controller.close();
          controller.enqueue(bytes.slice(pulled, (pulled += 512)));
        },
      });
      const response = await reader.request(new Request(`${ORIGIN}/`, { method: "POST", body, headers: { "content-type": "application/json" }, duplex: "half" } as RequestInit));
      expect(response.status).toBe(400);
      expect(pulled).toBeLessThanOrEqual(4 * LIMIT);
    }
  });
});
