import { describe, expect, it } from "vitest";
import { COOKIE_BYTES, findPieces, fromPieces, toPieces } from "../../src/lib/sealed/pieces.ts";
import { createCookieTransport } from "../../src/lib/transport/cookie.ts";
import { codeOf, type Data, HOUR, Jar, request } from "../support.ts";
import { headersOf, NAME, sealedWorld } from "./support.ts";

const { names } = createCookieTransport();
// What no compression could shrink, if there was any.
const noise = (length: number): string => Array.from({ length }, () => Math.floor(Math.random() * 36).toString(36)).join("");
const carrying = (length: number) => (data: Data): Data => ({ ...data, prefs: { note: noise(length) } });
const octets = ({ name, value }: { name: string; value: string }): number => name.length + value.length;

describe("pieces", () => {
  it("[B10] one cookie up to 3,900 octets of name and value, then as many as it takes, then none", () => {
    for (const length of [1, 500, COOKIE_BYTES - NAME.length, COOKIE_BYTES - NAME.length + 1, 7000, 7736, 7740, 7760, 7800, 20_000, 34_000, 40_000]) {
      const text = `eyJ${noise(length - 3)}`.slice(0, length);
      const pieces = toPieces(NAME, text, 9);
      const least = Math.ceil(length / COOKIE_BYTES);
      if (!pieces) {
        expect(length).toBeGreaterThan(9 * (COOKIE_BYTES - 40));
        continue;
      }
      expect(pieces.length === 1).toBe(length <= COOKIE_BYTES - NAME.length);
      expect(pieces.length).toBeGreaterThanOrEqual(least);
      expect(Math.max(...pieces.map(octets))).toBeLessThanOrEqual(COOKIE_BYTES);
      if (pieces.length > 1) expect(toPieces(NAME, text, pieces.length - 1)).toBeUndefined();
      const found = findPieces(pieces.map(({ name, value }) => `${name}=${value}`).toReversed().join("; "), names);
      expect(found === "duplicate" ? "" : fromPieces(NAME, found)).toBe(text);
    }
  });

  it("a set with a piece of another one has no text: nothing is tried on it", () => {
    const [one, other] = ["x", "y"].map((letter) => toPieces(NAME, letter.repeat(7000), 9) ?? []);
    const mixed = new Map([one?.[0], other?.[1]].map((piece) => [piece?.name ?? "", piece?.value ?? ""]));
    expect([fromPieces(NAME, new Map(one?.map(({ name, value }) => [name, value]))), fromPieces(NAME, mixed)]).toEqual(["x".repeat(7000), undefined]);
  });

  it("[B14] [B15] finds them among others, and none of those that only look like them", () => {
    expect(findPieces("a=1; __Host-sid-a=x; __Host-sid-a.1=y; __Host-sid-a.8=z; __Host-sid-g=", names)).toEqual(new Map([["__Host-sid-a", "x"], ["__Host-sid-a.1", "y"], ["__Host-sid-a.8", "z"], ["__Host-sid-g", ""]]));
    for (const header of ["__Host-sid-a.0=x", "__Host-sid-a.9=x", "__Host-sid-a.10=x", "__Host-sid-a.1.1=x", "__Host-sid-a.=x", "__Host-sid-a.1", "__Host-sid-7.1=x", "x__Host-sid-a=x", "__host-sid-a=x", "__Host-sid-a.1 =x", "", null]) expect(findPieces(header, names)).toEqual(new Map());
    for (const header of ["__Host-sid-a=x; __Host-sid-a=x", "__Host-sid-b.1=x; __Host-sid-a=1; __Host-sid-b.1=y"]) expect(findPieces(header, names)).toBe("duplicate");
  });
});

describe("a session of several cookies", () => {
  it("[B10] grows and shrinks: what is left over is expired, and what is too large changes nothing", async () => {
    const { sessions, clock } = sealedWorld({ sealed: { maxCookies: 3 }, maxDataBytes: 100_000 });
    const jar = new Jar();
    const sizes: number[] = [];
    for (const length of [10, 4000, 7000, 4000, 10]) {
      const { cookies, state } = await request(sessions, jar, (s) => s.update(carrying(length)));
      sizes.push(jar.cookies.size);
      for (const cookie of cookies) expect(octets(cookie)).toBeLessThanOrEqual(COOKIE_BYTES);
      expect((await request(sessions, jar)).state).toMatchObject({ kind: "guest", data: state.kind === "guest" && state.data });
    }
    expect(sizes).toEqual([1, 2, 3, 2, 1]);
    const before = jar.header;
    const session = await sessions.open(jar.headers());
    session.update(carrying(9000));
    expect(await codeOf(() => session.commit())).toBe("data_too_large");
    expect((await session.commit()).cookies).toEqual([]);
    expect(jar.header).toBe(before);
    expect((await request(sessions, jar)).state.kind).toBe("guest");
    await request(sessions, jar, (s) => s.update(carrying(7000)));
    clock.advance(4 * 24 * HOUR);
    expect((await request(sessions, jar)).cookies).toHaveLength(3);
    const ended = await request(sessions, jar, (s) => s.end());
    expect([ended.cookies.length, jar.cookies.size]).toEqual([3, 0]);
  });

  it("pieces of two sets are never put together, whichever came last", async () => {
    const { sessions, events } = sealedWorld({ sealed: { maxCookies: 3 }, maxDataBytes: 100_000 });
    const jar = new Jar();
    await request(sessions, jar, (s) => s.update(carrying(7000)));
    const [one, other] = [await sessions.open(jar.headers()), await sessions.open(jar.headers())];
    for (const session of [one, other]) session.update(carrying(7000));
    const [first, second] = [(await one.commit()).cookies, (await other.commit()).cookies];
    for (let mixed = 1; mixed < 7; mixed++) {
      const set = first.map((cookie, at) => ((mixed >> at) & 1 ? second[at] ?? cookie : cookie));
      expect((await sessions.open(headersOf(set))).state).toEqual({ kind: "none" });
    }
    expect(events.filter(({ type }) => type === "credential_rejected")).toHaveLength(6);
    for (const set of [first, second, second.toReversed()]) expect((await sessions.open(headersOf(set))).state.kind).toBe("guest");
    // A set that is not whole; a piece alone; the head of one beside the pieces of a longer one.
    for (const set of [first.slice(1), first.slice(0, 2), first.slice(0, 1), first.slice(2)]) expect((await sessions.open(headersOf(set))).state).toEqual({ kind: "none" });
    const { cookies: short } = await request(sessions, jar.copy(), (s) => s.update(carrying(10)));
    const both = [short[0] ?? expect.unreachable(), ...first.slice(1)];
    const session = await sessions.open(headersOf(both));
    expect(session.state).toMatchObject({ kind: "guest" });
    // What is left over goes with the next seal.
    session.touch();
    expect((await session.commit()).cookies.map(({ options }) => options.maxAge)).toEqual([undefined, 0, 0]);
  });

  it("[G08] what is remembered of one cookie opens in no other", async () => {
    const { sessions } = sealedWorld();
    const { cookies } = await request(sessions, new Jar(), (s) => s.update(carrying(10)));
    expect((await sessions.open(headersOf(cookies))).state.kind).toBe("guest");
    expect((await sessions.open(headersOf(cookies.map(({ value }) => ({ name: NAME, value }))))).state).toEqual({ kind: "none" });
  });

  it("[G08] a set moved to another name, or with another count, opens nothing", async () => {
    const { sessions } = sealedWorld({ sealed: { maxCookies: 3 }, maxDataBytes: 100_000 });
    const { cookies } = await request(sessions, new Jar(), (s) => s.update(carrying(7000)));
    const moved = cookies.map(({ name, value }) => ({ name: name.replace("sid-g", "sid-a"), value }));
    expect((await sessions.open(headersOf(moved))).state).toEqual({ kind: "none" });
    for (const count of "0123456789x") {
      const claimed = cookies.map(({ name, value }) => ({ name, value: `${value.slice(0, 8)}${count}${value.slice(9)}` }));
      expect((await sessions.open(headersOf(claimed))).state.kind).toBe(count === "3" ? "guest" : "none");
    }
    const long = cookies.map(({ name, value }) => ({ name, value: value + "A".repeat(200) }));
    expect((await sessions.open(headersOf(long))).state).toEqual({ kind: "none" });
  });
});
