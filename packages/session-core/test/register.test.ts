import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import type { SessionId } from "../src/index.ts";
import { createMemoryStore } from "../src/memory.ts";
import { createRegister } from "../src/register.ts";
import type { IndexedStore, SessionStore } from "../src/store.ts";
import { HOUR, Jar, KEYS, MINUTE, request, signedIn, testClock, world } from "./support.ts";

function registers(wrap: (store: IndexedStore) => SessionStore = (store) => store) {
  const clock = testClock();
  const memory = createMemoryStore({ clock });
  const store = wrap(memory);
  const make = (realm = "default"): ReturnType<typeof createRegister> => createRegister({ store, keys: KEYS, clock, realm });
  return { a: make(), b: make(), make, clock, memory };
}

describe("once", () => {
  it("[M04] is true exactly once among 100 parallel callers on two servers, and per key", async () => {
    const { a, b } = registers();
    const results = await Promise.all(Array.from({ length: 100 }, (_, i) => (i % 2 ? a : b).once("iss\0jti-1", MINUTE)));
    expect(results.filter(Boolean)).toHaveLength(1);
    expect(await a.once("iss\0jti-2", MINUTE)).toBe(true);
  });

  it("is settled by its own mark when acknowledgements are lost or a driver sends twice", async () => {
    let n = 0;
    const { a } = registers((store) => ({
      ...store,
      create: async (...args) => {
        const result = await store.create(...args);
        n++;
        if (n % 3 === 0) throw new Error("ECONNRESET");
        return n % 3 === 1 ? store.create(...args) : result;
      },
    }));
    for (let key = 0; key < 9; key++) {
      const results = await Promise.all(Array.from({ length: 30 }, () => a.once(`jti-${key}`, MINUTE)));
      expect(results.filter(Boolean)).toHaveLength(1);
    }
  });

  it("tells of a driver's error its name and code alone: its text may quote the row", async () => {
    const { a } = registers((store) => ({ ...store, read: () => Promise.reject(Object.assign(new Error("CANARY"), { code: "ECONNRESET", command: { args: ["CANARY"] } })) }));
    const refusal: unknown = await a.isDenied("jti").catch((error: unknown) => error);
    expect(refusal).toMatchObject({ code: "unavailable", message: "The store failed at isDenied: Error ECONNRESET" });
    expect(inspect(refusal, { depth: 9, showHidden: true })).not.toContain("CANARY");
  });

  it("says unavailable, never true, when it cannot know", async () => {
    const down = (verb: string, why = "down") => (store: IndexedStore): SessionStore => ({ ...store, [verb]: async () => Promise.reject(new Error(why)) });
    await expect(registers(down("create")).a.once("jti", MINUTE)).rejects.toMatchObject({ code: "unavailable" });
    const { a, b } = registers(down("read"));
    expect(await a.once("jti", MINUTE)).toBe(true);
    await expect(b.once("jti", MINUTE)).rejects.toMatchObject({ code: "unavailable" });
    await expect(a.isDenied("jti")).rejects.toMatchObject({ code: "unavailable" });
  });

  it("remembers for exactly the ttl", async () => {
    const { a, clock } = registers();
    expect(await a.once("jti", MINUTE)).toBe(true);
    clock.advance(MINUTE - 1);
    expect(await a.once("jti", MINUTE)).toBe(false);
    clock.advance(1);
    expect(await a.once("jti", MINUTE)).toBe(true);
    for (const ttl of [0, -1, Number.NaN, Number.POSITIVE_INFINITY]) await expect(a.once("x", ttl)).rejects.toMatchObject({ code: "invalid_data" });
  });
});

describe("the denylist", () => {
  it("denies until the moment given, everywhere, and a second call only lengthens it", async () => {
    const { a, b, clock } = registers();
    expect(await b.isDenied("jti")).toBe(false);
    await a.deny("jti", clock.now() + HOUR);
    await b.deny("jti", clock.now() + MINUTE);
    clock.advance(HOUR - 1);
    expect(await b.isDenied("jti")).toBe(true);
    await b.deny("jti", clock.now() + HOUR);
    clock.advance(MINUTE);
    expect(await a.isDenied("jti")).toBe(true);
    clock.advance(HOUR);
    expect(await a.isDenied("jti")).toBe(false);
    await a.deny("jti", clock.now() - 1);
    expect(await a.isDenied("jti")).toBe(false);
    await expect(a.deny("jti", Number.POSITIVE_INFINITY)).rejects.toMatchObject({ code: "invalid_data" });
  });

  it("[D02] a logout kills every credential of the chain, and the access token that the application denies with it", async () => {
    const { sessions, store, clock } = world();
    const [here, there] = [1, 2].map(() => createRegister({ store, keys: KEYS, clock }));
    const jar = await signedIn(sessions);
    const family = [jar.copy()];
    for (let i = 0; i < 3; i++) {
      clock.advance(11 * MINUTE);
      await request(sessions, jar);
      family.push(jar.copy());
    }
    const elevated = jar.copy();
    await request(sessions, elevated, (s) => s.elevate({ acr: "admin" }));
    const issued = "https://shop.test\0jti-1";
    await request(sessions, jar.copy(), (s) => s.end());
    await here?.deny(issued, clock.now() + 5 * MINUTE);
    for (const each of [...family, elevated, jar]) expect((await sessions.open(each.headers())).state.kind).toBe("none");
    expect(await there?.isDenied(issued)).toBe(true);
  });
});

describe("aliases", () => {
  it("a name leads to its sessions, the newest first, on every server", async () => {
    const { a, b, clock } = registers();
    const [one, two] = ["A".repeat(24), "B".repeat(24)] as SessionId[] as [SessionId, SessionId];
    expect(await a.linked("sid")).toEqual([]);
    await a.link("sid", one, HOUR);
    await b.link("sid", two, MINUTE);
    await b.link("sid", one, MINUTE);
    expect(await a.linked("sid")).toEqual([one, two]);
    clock.advance(HOUR - 1);
    expect(await b.linked("sid")).toHaveLength(2);
    await b.unlink("sid");
    await b.unlink("sid");
    expect(await a.linked("sid")).toEqual([]);
    await expect(a.link("sid", "no id" as SessionId, HOUR)).rejects.toMatchObject({ code: "invalid_data" });
  });

  it("30 parallel links of one name lose none, and the list has a bound", async () => {
    const { a, b } = registers();
    const ids = Array.from({ length: 40 }, (_, i) => `${i}`.padStart(24, "x") as SessionId);
    // Eight attempts each, so a handful at a time, as a person signs in.
    for (let i = 0; i < 30; i += 5) await Promise.all(ids.slice(i, i + 5).map((id, n) => (n % 2 ? a : b).link("sid", id, HOUR)));
    expect(new Set(await a.linked("sid"))).toEqual(new Set(ids.slice(0, 30)));
    for (const id of ids) await a.link("sid", id, HOUR);
    expect(await a.linked("sid")).toEqual(ids.slice(8).reverse());
  });
});

describe("the rows", () => {
  it("tell nobody what they are about, and kinds, realms and sessions do not meet", async () => {
    const { a, make, memory, clock } = registers();
    const rows: string[] = [];
    const create = memory.create.bind(memory);
    Object.assign(memory, { create: async (...args: Parameters<typeof create>) => (rows.push(JSON.stringify(args[0])), create(...args)) });
    await a.once("secret-jti", MINUTE);
    await a.deny("secret-jti", clock.now() + MINUTE);
    await a.link("secret-jti", "A".repeat(24) as SessionId, MINUTE);
    expect(new Set(rows.map((row) => (JSON.parse(row) as { id: string }).id)).size).toBe(3);
    expect(rows.join()).not.toContain("secret-jti");
    expect(await make("other").isDenied("secret-jti")).toBe(false);
    expect(await make("other").once("secret-jti", MINUTE)).toBe(true);
  });

  it("[K04] stay when a full store makes room for guests; a store that evicts is refused", async () => {
    const clock = testClock();
    const store = createMemoryStore({ clock, maxSessions: 3 });
    const { sessions } = world({ store, clock });
    const register = createRegister({ store, keys: KEYS, clock });
    await register.once("jti", HOUR);
    await register.deny("token", clock.now() + HOUR);
    for (let i = 0; i < 10; i++) {
      clock.advance(1);
      await request(sessions, new Jar(), (s) => s.update((d) => ({ ...d, cart: ["rope"] })));
    }
    expect(await register.once("jti", HOUR)).toBe(false);
    expect(await register.isDenied("token")).toBe(true);
    const evicting = { ...store, capabilities: { ...store.capabilities, evicts: true } };
    expect(() => createRegister({ store: evicting, keys: KEYS })).toThrow(expect.objectContaining({ code: "unsupported", option: "store" }));
  });
});
