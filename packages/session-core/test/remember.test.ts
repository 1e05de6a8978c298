import { describe, expect, it } from "vitest";
import { createSessions } from "../src/index.ts";
import { createMemoryStore } from "../src/memory.ts";
import { remember } from "../src/lib/remember.ts";
import { Jar, keyOf, KEYS, request, signedIn, testClock, world } from "./support.ts";

const GENERATION = 1 << 20;

describe("what is remembered of texts", () => {
  it("is what the function made of them, once", () => {
    const asked: string[] = [];
    const length = remember((text) => (asked.push(text), text.length));
    expect([length("abc"), length("abc"), length("de"), length("")]).toEqual([3, 3, 2, 0]);
    expect(length("")).toBe(0);
    expect(asked).toEqual(["abc", "de", ""]);
  });

  it("is never what is not worth it, nor more than two generations", () => {
    const asked: string[] = [];
    const known = remember((text) => (asked.push(text), text), (text) => !text.startsWith("forged"));
    known("forged");
    known("forged");
    expect(asked.splice(0)).toEqual(["forged", "forged"]);
    const filler = (from: string): void => {
      for (let i = 0; i < 16; i++) known(from + String(i).padStart(GENERATION / 16 - 1, "0"));
    };
    known("seldom");
    known("often");
    filler("a");
    known("often");
    filler("b");
    asked.length = 0;
    known("often");
    expect(asked).toEqual([]);
    known("seldom");
    expect(asked).toEqual(["seldom"]);
  });
});

describe("a session whose credential and record are remembered", () => {
  it("is still ended, changed and outlived as the store says", async () => {
    const { sessions, clock } = world();
    const jar = await signedIn(sessions);
    const [listed] = await sessions.list("ada");
    for (let i = 0; i < 3; i++) expect((await request(sessions, jar)).state).toMatchObject({ kind: "active", data: { cart: [] } });
    await request(sessions, jar, (session) => session.update((data) => ({ ...data, cart: ["x"] })));
    expect((await request(sessions, jar)).state).toMatchObject({ data: { cart: ["x"] } });
    if (listed) await sessions.revoke(listed.id);
    expect((await request(sessions, jar)).state).toEqual({ kind: "none", ended: "revoked" });

    const other = await signedIn(sessions);
    await request(sessions, other);
    clock.advance(60 * 24 * 60 * 60 * 1000);
    expect((await request(sessions, other)).state).toMatchObject({ kind: "none" });
  });

  it("is refused by servers without its key, whatever others remember", async () => {
    const clock = testClock();
    const store = createMemoryStore({ clock });
    const before = createSessions({ store, clock, keys: KEYS });
    const jar = new Jar();
    await request(before, jar, (session) => session.start("ada"));
    expect((await request(before, jar)).state.kind).toBe("active");
    const after = createSessions({ store, clock, keys: { ...KEYS, keys: [keyOf(8, "active")] } });
    expect((await request(after, jar)).state).toEqual({ kind: "none", refused: "indeterminate" });
    const forged = [...jar.cookies.values()].map((value) => `${value.slice(0, -1)}${value.endsWith("A") ? "B" : "A"}`)[0] ?? "";
    for (let i = 0; i < 2; i++) expect((await before.open(new Headers({ cookie: `${[...jar.cookies.keys()][0]}=${forged}` }))).state).toEqual({ kind: "none" });
  });

  it("gives a migration its own copy each time, and its result to everybody", async () => {
    const clock = testClock();
    const store = createMemoryStore({ clock });
    const jar = new Jar();
    await request(createSessions<{ cart: string[] }>({ store, clock, keys: KEYS, initial: { cart: [] } }), jar, (session) => session.start("ada", { cart: ["a"] }));
    let attempts = 0;
    const migrate = (data: unknown): { cart: string[] } => {
      const old = data as { cart: string[] };
      old.cart.push("b");
      if (++attempts === 1) throw new Error("not yet");
      return old;
    };
    const newer = createSessions<{ cart: string[] }>({ store, clock, keys: KEYS, initial: { cart: [] }, version: 2, migrate });
    expect((await request(newer, jar)).state).toMatchObject({ data: { cart: [] } });
    expect((await request(newer, jar)).state).toMatchObject({ data: { cart: ["a", "b"] } });
    expect((await request(newer, jar)).state).toMatchObject({ data: { cart: ["a", "b"] } });
    expect(attempts).toBe(2);
  });
});
