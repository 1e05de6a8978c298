import { describe, expect, it } from "vitest";
import { createSessions, type Sessions } from "../src/index.ts";
import { createMemoryStore } from "../src/memory.ts";
import type { IndexedStore } from "../src/store.ts";
import { type Data, HOUR, INITIAL, Jar, KEYS, keyOf, MINUTE, request, testClock } from "./support.ts";

const NAVIGATION = { "sec-fetch-mode": "navigate" };
const add = (item: string) => (data: Data): Data => ({ ...data, cart: [...data.cart, item] });

/** Two releases of a server on one store: the older one has key 7, the newer one signs with key 9. */
function rollOut({ knows7 = true } = {}) {
  const clock = testClock();
  const store = createMemoryStore({ clock });
  const build = (keys: typeof KEYS.keys, version = 1): Sessions<Data> =>
    createSessions<Data>({ store, clock, version, initial: INITIAL, migrate: (data) => data as Data, keys: { ...KEYS, keys } });
  const older = build(KEYS.keys);
  const newer = build([...(knows7 ? KEYS.keys.map((key) => ({ ...key, state: "retired" as const })) : []), keyOf(9, "active")], 2);
  return { clock, store, older, newer };
}

/** The store as it would be with rows of a later release. */
function laterRows() {
  const clock = testClock();
  const store = createMemoryStore({ clock });
  const later = (row: Awaited<ReturnType<typeof store.read>>) => row && { ...row, body: row.body.replace('"v":1', '"v":2') };
  const writer = createSessions<Data>({ store, clock, initial: INITIAL, keys: KEYS });
  const older = createSessions<Data>({
    store: { ...store, read: async (...call) => later(await store.read(...call)), list: async (...call) => ({ rows: (await store.list(...call)).rows.map((row) => later(row) ?? row) }) } as IndexedStore,
    clock: { ...clock, wait: () => new Promise(() => undefined) },
    initial: INITIAL,
    keys: KEYS,
  });
  return { clock, store, writer, older };
}

describe("[G01] a row of a later release", () => {
  it("is neither a session nor none: no cookie is set or cleared, nothing is written", async () => {
    const { older, writer } = laterRows();
    const jar = new Jar();
    await request(writer, jar, (s) => s.start("ada", { cart: ["rope"] }));
    const session = await older.open(jar.headers(NAVIGATION));
    expect(session.state).toEqual({ kind: "none", refused: "indeterminate" });
    expect(() => session.update(add("x"))).toThrow(expect.objectContaining({ code: "unavailable" }));
    expect(() => session.elevate({ acr: "x" })).toThrow(expect.objectContaining({ code: "unavailable" }));
    expect((await session.commit()).cookies).toEqual([]);
    expect((await request(writer, jar)).state).toMatchObject({ kind: "active", data: { cart: ["rope"] } });
  });

  it("is `unavailable` outside requests, can be ended, and ends no watch", async () => {
    const { older, writer } = laterRows();
    const jar = new Jar();
    const { state } = await request(writer, jar, (s) => s.start("ada"));
    const id = (state.kind === "active" ? state.id : "") as never;
    for (const call of [() => older.get(id), () => older.list("ada"), () => older.update(id, add("x")), () => older.updateAll("ada", add("x"))]) {
      await expect(call(), String(call)).rejects.toMatchObject({ code: "unavailable" });
    }
    const watched = older.watch(id);
    await new Promise((resolve) => void setImmediate(resolve));
    expect(watched.aborted).toBe(false);
    await request(older, jar, (s) => s.end());
    expect((await writer.open(jar.headers())).state.kind).toBe("none");
    expect(await writer.list("ada")).toEqual([]);
  });

  it("its data are not overwritten by a server that cannot read them", async () => {
    const { older, newer } = rollOut();
    const jar = new Jar();
    await request(older, jar, (s) => s.start("ada", { cart: ["paid for"] }));
    await request(newer, jar, (s) => s.update(add("of version 2")));
    const session = await older.open(jar.headers());
    expect(session.state).toEqual({ kind: "none", refused: "indeterminate" });
    expect(() => session.update(add("x"))).toThrow(expect.objectContaining({ code: "unavailable" }));
    expect((await request(newer, jar)).state).toMatchObject({ data: { cart: ["paid for", "of version 2"] } });
  });
});

describe("[G01] a credential of a key that this server does not have", () => {
  it("can be left behind by a sign-in, which wins over it even if it comes back late", async () => {
    const { older, newer, clock } = rollOut({ knows7: false });
    const jar = new Jar();
    for (let i = 0; i < 3; i++) await request(older, jar, (s) => s.start("ada"));
    clock.advance(11 * MINUTE);
    const late = (await request(older, jar.copy())).cookies;
    expect((await newer.open(jar.headers())).state).toEqual({ kind: "none", refused: "indeterminate" });
    const { state, cookies } = await request(newer, jar, (s) => s.start("ada"));
    expect(cookies.map(({ header }) => header.includes("Max-Age=0"))).toEqual([false, true]);
    expect(jar.cookies.size).toBe(1);
    expect((await request(newer, jar)).state).toMatchObject({ kind: "active" });
    // The key arrives, and with it a renewal of the session before.
    jar.take(late);
    expect(jar.cookies.size).toBe(2);
    const after = createSessions<Data>({ store: createMemoryStore({ clock }), clock, keys: { ...KEYS, keys: [...KEYS.keys.map((key) => ({ ...key, state: "retired" as const })), keyOf(9, "active")] } });
    const [latest] = (await after.open(jar.headers())).presentedIds;
    expect(latest).toBe(state.kind === "active" ? state.id : "");
  });

  it("[D03] is cleared by a sign-out, and begins no guest", async () => {
    const { older, newer } = rollOut({ knows7: false });
    const jar = new Jar();
    await request(older, jar, (s) => s.start("ada"));
    const guest = await newer.open(jar.headers());
    expect(() => guest.update(add("x"))).toThrow(expect.objectContaining({ code: "unavailable" }));
    expect((await guest.commit()).cookies).toEqual([]);
    await request(newer, jar, (s) => s.end());
    expect(jar.cookies.size).toBe(0);
  });

  it("beside a dead one keeps its cookie: which of the two lives cannot be told here", async () => {
    const { older, newer, clock } = rollOut();
    const jar = new Jar();
    await request(older, jar, (s) => s.start("ada"));
    const dead = jar.copy();
    clock.advance(HOUR);
    await request(newer, jar, (s) => s.start("ada"));
    for (const [name, value] of dead.cookies) jar.cookies.set(name, value);
    const session = await older.open(jar.headers(NAVIGATION));
    expect(session.state).toEqual({ kind: "none", refused: "indeterminate" });
    expect(() => session.update(add("x"))).toThrow(expect.objectContaining({ code: "unavailable" }));
    expect((await session.commit()).cookies).toEqual([]);
    expect((await request(newer, jar)).state.kind).toBe("active");
  });

  it("beside a living one changes nothing", async () => {
    const { older, newer } = rollOut();
    const jar = new Jar();
    await request(older, jar, (s) => s.start("ada"));
    const other = new Jar();
    for (let i = 0; i < 2; i++) await request(newer, other, (s) => s.start("ada"));
    for (const [name, value] of other.cookies) jar.cookies.set(name, value);
    expect((await request(older, jar, (s) => s.update(add("rope")))).state).toMatchObject({ kind: "active", data: { cart: ["rope"] } });
    expect(jar.cookies.size).toBe(2);
  });
});
