import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { platformAesGcm, webAesGcm } from "../../src/lib/encrypted/aes-gcm.ts";
import { readPayload, writePayload } from "../../src/lib/sealed/payload.ts";
import { findPieces, fromPieces, MOST_PIECES, toPieces } from "../../src/lib/sealed/pieces.ts";
import { readHeader, writeHeader } from "../../src/lib/sealed/protected-header.ts";
import { dayOf } from "../../src/lib/sealed/seal-keys.ts";
import type { SessionId } from "../../src/lib/port.ts";
import { createCookieTransport } from "../../src/lib/transport/cookie.ts";
import { sealedSessions } from "../../src/sealed.ts";
import { createSessions } from "../../src/index.ts";
import { NAME, sealOf } from "../sealed/support.ts";
import { type Data, INITIAL, Jar, KEYS, request, testClock } from "../support.ts";
import { damaged, deepJson, hostileText, KB, longTexts, MB } from "./hostile.ts";
import { family, familyOfRequests, must } from "./inputs.ts";

const { names } = createCookieTransport();
const clock = testClock();
const seal = sealOf({ now: clock.now });
const header = writeHeader(7, dayOf(clock.now()), NAME).text;
const KINDS: readonly string[] = ["malformed", "forged", "indeterminate"];
const json = fc.json({ maxDepth: 3 });
const sealed = json.map((text) => seal.seal(text, NAME) as string);

describe("sealed cookies", () => {
  const each = family("sealed cookies");

  it("[F16] [F18] [G04] any text opens nothing and throws nothing, also behind a good header", () => {
    const behind = fc.tuple(fc.constantFrom("", header, `${header}.`, `${header}..`), fc.array(fc.oneof(hostileText(60), fc.stringMatching(/^[\w-]{0,40}$/)), { maxLength: 5 }), fc.constantFrom(".", "..", "~")).map(([start, parts, dot]) => start + parts.join(dot));
    return each(0.2, fc.oneof(hostileText(300), behind), (text) => must(KINDS.includes((seal.unseal(text, NAME) as { kind: string }).kind), "opened"));
  });

  it("[G04] what was sealed opens; what was damaged does not", () =>
    each(0.2, damaged(sealed), ({ valid, text }) => {
      must((seal.unseal(valid, NAME) as { kind: string }).kind === "open", "does not open");
      must(KINDS.includes((seal.unseal(text, NAME) as { kind: string }).kind), "opened");
    }));

  it("[F02] [F05] any JSON as header is refused unless it is ours, letter for letter", () =>
    each(0.2, fc.oneof(json, hostileText(200), damaged(fc.constant(Buffer.from(header, "base64url").toString())).map(({ text }) => text)), (text) => {
      const encoded = Buffer.from(text).toString("base64url");
      const read = readHeader(encoded);
      must(read === null || writeHeader(read.keyId, read.day, read.cookie).text === encoded, "another header");
    }));

  it("any payload is a session as it was written, or none", () => {
    const time = fc.integer({ min: 0, max: 4e12 });
    const sessions = fc.record({ id: fc.stringMatching(/^[\w-]{24}$/).map((id) => id as SessionId), createdAt: time, seenAt: time, sealedAt: time, expiresAt: time, startedAt: time, chain: fc.integer({ min: 0, max: 224 }), data: json });
    return each(0.2, fc.tuple(fc.oneof(json, hostileText(200)), sessions), ([text, { startedAt, chain, data, ...session }]) => {
      const read = readPayload(text);
      must(read === null || read === "newer", "made up");
      const record = { chain: { chain, chainKey: "", step: 0, hash: "", nextHash: "", promotedAt: startedAt, promotedBefore: startedAt }, pending: undefined, subject: "ada", startedAt, authenticatedAt: startedAt, acr: undefined, amr: [], device: undefined, remember: false, lapsed: false, marks: undefined, data: JSON.parse(data) as unknown, dataVersion: 1, writes: [], epoch: undefined };
      const again = readPayload(writePayload({ ...session, record }));
      must(again !== null && again !== "newer" && JSON.stringify(sorted({ ...again, json: undefined })) === JSON.stringify(sorted({ ...session, record })), "differs");
    });
  });

  it("[B10] [B16] any header gives pieces of ours or none, and any set reads back, in any order", () => {
    const value = fc.oneof(fc.stringMatching(/^[\w-]{8}[0-9]~[\w-]{0,20}$/), hostileText(40));
    const pairs = fc.array(fc.tuple(fc.constantFrom(NAME, `${NAME}.1`, `${NAME}.2`, `${NAME}.8`, `${NAME}.9`, "__Host-sid-g", "a"), value), { maxLength: 9 });
    return each(0.2, fc.tuple(fc.oneof(hostileText(400), pairs.map((all) => all.map((pair) => pair.join("=")).join("; "))), fc.integer({ min: 1, max: 34_000 })), ([text, length]) => {
      const found = findPieces(text, names);
      if (found !== "duplicate") for (const [name] of found) must((fromPieces(name, found)?.length ?? 0) <= text.length, "more than came");
      const whole = "x".repeat(length);
      const pieces = toPieces(NAME, whole, MOST_PIECES) ?? [];
      must(pieces.length > 0 && fromPieces(NAME, new Map(pieces.toReversed().map((piece) => [piece.name, piece.value]))) === whole, "does not read back");
    });
  });

  it("[B16] the work is bounded: long headers and deep JSON cost their length, and no cryptography", () => {
    for (const size of [64 * KB, 4 * MB]) {
      for (const text of longTexts(size)) {
        expect(findPieces(text, names)).toSatisfy((found: unknown) => found === "duplicate" || found instanceof Map);
        expect(seal.unseal(text, NAME)).toEqual({ kind: "malformed" });
      }
    }
    for (const text of deepJson()) {
      expect(readPayload(text)).toBeNull();
      expect(readHeader(Buffer.from(text).toString("base64url"))).toBeNull();
    }
  });
});

describe("requests with sealed cookies", () => {
  const each = familyOfRequests("requests with sealed cookies");

  it("[G04] [G11] any cookies, in any mixture with good ones: a session that was sealed, or none, and no fault", async () => {
    const sessions = createSessions<Data>({ store: sealedSessions(), keys: KEYS, initial: INITIAL, clock });
    const jar = new Jar();
    await request(sessions, jar, (s) => s.start("ada", { prefs: { note: "x".repeat(4000) } }));
    const good = [...jar.cookies];
    const pair = fc.oneof(
      fc.constantFrom(...good),
      damaged(fc.constantFrom(...good.map(([, value]) => value))).map(({ text }) => [good[0]?.[0] ?? "", text] as const),
      fc.tuple(fc.constantFrom(...names, `${NAME}.1`, good[1]?.[0] ?? ""), fc.oneof(hostileText(80), fc.constantFrom(...good.map(([, value]) => value)))),
    );
    await each(0.3, fc.array(pair, { maxLength: 5 }), async (pairs) => {
      const cookie = pairs.map(([name, value]) => `${name}=${value}`.replace(/[^\x20-\x7e\xa0-\xff]/g, "?")).join("; ");
      const session = await sessions.open(new Headers({ cookie }));
      const { state } = session;
      must(state.kind === "none" || (state.kind === "active" && state.subject === "ada" && state.data.prefs["note"]?.length === 4000), "made up");
      await session.commit();
    });
  });
});

it("both engines refuse the same", async () => {
  const web = sealOf({ aes: webAesGcm(crypto), now: clock.now });
  const node = sealOf({ aes: platformAesGcm(), now: clock.now });
  for (const { text } of fc.sample(damaged(sealed), 200)) expect(await web.unseal(text, NAME)).toEqual(await node.unseal(text, NAME));
});

/** Members in one order. */
const sorted = (value: unknown): unknown => (typeof value === "object" && value !== null && !Array.isArray(value) ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, member]) => [key, sorted(member)])) : value);
