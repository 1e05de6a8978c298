import { describe, expect, it } from "vitest";
import { createSessions } from "../src/index.ts";
import { remember } from "../src/lib/remember.ts";
import { createDecode, encodeCredential, newSessionId } from "../src/lib/token/credential.ts";
import { createKeyRing } from "../src/lib/token/key-ring.ts";
import { createMemoryStore } from "../src/memory.ts";
import { type Data, Jar, keyOf, KEYS, MINUTE, request, signedIn, testClock, world } from "./support.ts";

const weigh = ({ length }: string): number => length;
/** More than a generation holds, in sixteen texts. */
const FULL = (1 << 21) / 16 + 1;

describe("what is remembered of texts", () => {
  it("is what the function made of them, once", () => {
    const asked: string[] = [];
    const length = remember((text) => (asked.push(text), text.length), { weigh });
    expect([length("abc"), length("abc"), length("de"), length("")]).toEqual([3, 3, 2, 0]);
    expect(length("")).toBe(0);
    expect(asked).toEqual(["abc", "de", ""]);
  });

  it("is never what is not worth it, nor more than two generations", () => {
    const asked: string[] = [];
    const known = remember((text) => (asked.push(text), text), { weigh, worth: (text) => !text.startsWith("forged") });
    known("forged");
    known("forged");
    expect(asked.splice(0)).toEqual(["forged", "forged"]);
    const filler = (from: string): void => {
      for (let i = 0; i < 16; i++) known(from + String(i).padStart(FULL, "0"));
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

  it("counts what comes over from the older generation as well", () => {
    const asked: string[] = [];
    const known = remember((text) => (asked.push(text), text), { weigh });
    const texts = Array.from({ length: 16 }, (_, i) => String(i).padStart(FULL, "0"));
    for (let round = 0; round < 3; round++) for (const text of texts) known(text);
    known("x".repeat(FULL * 15));
    known("y".repeat(FULL * 15));
    asked.length = 0;
    known(texts[0] ?? "");
    expect(asked).toHaveLength(1);
  });

  it("is gone when two generations have grown old", () => {
    const asked: string[] = [];
    const clock = testClock();
    const known = remember((text) => (asked.push(text), text), { weigh, now: clock.now });
    known("a");
    clock.advance(10 * MINUTE);
    known("b");
    known("a");
    expect(asked).toEqual(["a", "b"]);
    clock.advance(10 * MINUTE);
    known("c");
    clock.advance(10 * MINUTE);
    known("d");
    known("a");
    expect(asked).toEqual(["a", "b", "c", "d", "a"]);
  });

  it("is of credentials only the good ones", () => {
    const ring = createKeyRing(KEYS, "default");
    let asked = 0;
    const decode = createDecode({ ...ring, find: (id) => (asked++, ring.find(id)) }, () => 0);
    const good = encodeCredential({ id: newSessionId(), chain: 0, step: 0, secret: new Uint8Array(32) }, ring, "cookie");
    const forged = `${good.slice(0, -1)}${good.endsWith("A") ? "B" : "A"}`;
    for (const text of [good, good, forged, forged, "A".repeat(96), "A".repeat(96)]) decode.cookie(text);
    expect(asked).toBe(5);
    expect(decode.bearer(good).kind).toBe("forged");
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

  it("shows each request what the last one could not change", async () => {
    const { sessions, store } = world();
    const jar = new Jar();
    await request(sessions, jar, (session) => session.start("ada", {}, { amr: ["pwd"] }));
    const { state } = await sessions.open(jar.headers());
    if (state.kind !== "active") throw new Error("nobody is signed in");
    expect(() => (state.amr as string[]).push("hwk")).toThrow(TypeError);
    expect(() => (state.signals as string[]).push("ip")).toThrow(TypeError);
    await request(sessions, jar, (session) => session.update((data) => ({ ...data, cart: ["x"] })));
    expect((await request(world({ store }).sessions, jar)).state).toMatchObject({ amr: ["pwd"], signals: [] });
  });

  it("gives a schema its own copy, so that what it left half done is not met again", async () => {
    const { sessions, store } = world();
    const jar = await signedIn(sessions);
    const seen: unknown[] = [];
    const validate = (value: unknown): { value: Data } | { issues: { message: string }[] } => {
      const data = value as Data & { touched?: boolean };
      if (data.prefs["new"]) return { value: data };
      seen.push(data.touched);
      data.touched = true;
      return { issues: [{ message: "no" }] };
    };
    const strict = world({ store, schema: { "~standard": { version: 1, vendor: "test", validate } }, initial: { cart: [], prefs: { new: "yes" } } });
    for (let i = 0; i < 3; i++) await request(strict.sessions, jar);
    expect(seen).toEqual([undefined, undefined, undefined]);
  });

  it("migrates what was stored as null", async () => {
    const { sessions, store, clock } = world();
    const jar = await signedIn(sessions);
    const [listed] = await sessions.list("ada");
    const row = listed && (await store.read(listed.id));
    if (!row) throw new Error("nobody is signed in");
    await store.update({ ...row, revision: row.revision + 1, body: JSON.stringify({ ...JSON.parse(row.body), d: null }) }, row.revision);
    const newer = createSessions<{ ok?: number }>({ store, clock, keys: KEYS, version: 2, migrate: (data) => (data === null ? { ok: 1 } : {}) });
    expect((await request(newer, jar)).state).toMatchObject({ data: { ok: 1 } });
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
    expect(attempts).toBe(3);
  });
});
