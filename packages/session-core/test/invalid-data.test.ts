import { describe, expect, it, vi } from "vitest";
import { createSessions } from "../src/index.ts";
import { createMemoryStore } from "../src/memory.ts";
import { Jar, KEYS, request, signedIn, world } from "./support.ts";

const nested = (levels: number): unknown => {
  let value: unknown = "x";
  for (let i = 0; i < levels; i++) value = [value];
  return value;
};
const circle: Record<string, unknown> = {};
circle["self"] = circle;

describe("data that cannot be kept", () => {
  it.each([
    ["a bigint", 1n],
    ["a circle", circle],
    ["a frozen circle", Object.freeze({ circle })],
    ["bytes", new Uint8Array(3)],
    ["201 levels", nested(201)],
    ["10,000 levels", nested(10_000)],
    ["a Date", new Date(0)],
    ["a Map", new Map([[1, 2]])],
    ["a Set", new Set([1])],
    ["NaN", Number.NaN],
    ["a function", () => 1],
    ["a symbol", Symbol("x")],
    ["a promise", Promise.resolve({})],
    ["a hole in a list", [undefined, 1]],
  ])("%s: `invalid_data`, and the session stays as it was", async (_name, value) => {
    const { sessions } = world();
    const jar = await signedIn(sessions);
    const change = request(sessions, jar, (s) => s.update((d) => ({ ...d, prefs: { value } as never })));
    await expect(change).rejects.toMatchObject({ code: "invalid_data" });
    expect((await request(sessions, jar)).state).toMatchObject({ kind: "active", data: { prefs: {} } });
  });

  it("an update that is async, or gives a list: `invalid_data`, and the data stay", async () => {
    const { sessions } = world();
    const jar = await signedIn(sessions);
    await request(sessions, jar, (s) => s.update((d) => ({ ...d, cart: ["a"] })));
    for (const change of [async (d: object) => ({ ...d, cart: [] }), () => []]) {
      await expect(request(sessions, jar, (s) => s.update(change as never))).rejects.toMatchObject({ code: "invalid_data" });
    }
    expect((await request(sessions, jar)).state).toMatchObject({ data: { cart: ["a"] } });
  });

  it("as initial data is a fault of the option", () => {
    for (const initial of [{ at: new Date(0) }, { n: 1n }, circle, null, []]) {
      expect(() => createSessions({ store: createMemoryStore(), keys: KEYS, initial: initial as object })).toThrow(expect.objectContaining({ code: "config", option: "initial" }));
    }
  });

  it("rights that are none: `invalid_data`, and nobody is signed in or out", async () => {
    const { sessions } = world();
    const jar = await signedIn(sessions);
    for (const rights of [{ amr: "pwd" }, { amr: [1] }, { acr: 7 }, { acr: 7n }] as object[]) {
      await expect(request(sessions, new Jar(), (s) => s.start("bob", {}, rights))).rejects.toMatchObject({ code: "invalid_data" });
      await expect(sessions.issue("bob", {}, rights)).rejects.toMatchObject({ code: "invalid_data" });
      await expect(request(sessions, jar, (s) => s.elevate(rights))).rejects.toMatchObject({ code: "invalid_data" });
    }
    expect(await sessions.list("bob")).toEqual([]);
    expect((await request(sessions, jar)).state.kind).toBe("active");
  });

  it("what is as deep as can be written can be read", async () => {
    const { sessions } = world();
    const jar = await signedIn(sessions);
    const value = nested(198);
    await request(sessions, jar, (s) => s.update((d) => ({ ...d, prefs: { value } as never })));
    expect((await request(sessions, jar)).state).toMatchObject({ data: { prefs: { value } } });
  });

  it("__proto__ in data is a key like any other", async () => {
    const { sessions } = world();
    const jar = await signedIn(sessions);
    const prefs = JSON.parse('{"__proto__":{"admin":"yes"}}') as Record<string, string>;
    await request(sessions, jar, (s) => s.update((d) => ({ ...d, prefs })));
    const { state } = await request(sessions, jar);
    expect(state.kind === "active" && state.data.prefs["admin"]).toBeUndefined();
    expect(state.kind === "active" && Object.keys(state.data.prefs)).toEqual(["__proto__"]);
  });
});

describe("data that are kept", () => {
  it("are a copy: the application's own objects stay as they are, and free to change", async () => {
    const { sessions } = world();
    const own = { theme: { dark: "no" } };
    const jar = new Jar();
    await request(sessions, jar, (s) => s.start("ada", { prefs: own as never }));
    own.theme.dark = "yes";
    const session = await sessions.open(jar.headers());
    expect(session.state).toMatchObject({ data: { prefs: { theme: { dark: "no" } } } });
    session.update((d) => ({ ...d, prefs: own as never }));
    own.theme.dark = "later";
    expect((await session.commit()).state).toMatchObject({ data: { prefs: { theme: { dark: "yes" } } } });
    const initial = { cart: [{ n: 1 }] };
    createSessions({ store: createMemoryStore(), keys: KEYS, initial });
    expect(Object.isFrozen(initial.cart[0])).toBe(false);
  });

  it("are frozen to the last level, also below what was frozen before: an update in place fails instead of being lost", async () => {
    const { sessions } = world();
    const session = await sessions.open(new Headers());
    session.update(() => Object.freeze({ cart: ["a"], prefs: {} }));
    const inPlace = () =>
      session.update((d) => {
        (d.cart as string[]).push("b");
        return d;
      });
    expect(inPlace).toThrow(TypeError);
    expect((await session.commit()).state).toMatchObject({ data: { cart: ["a"] } });
  });

  it("have the same value in this request and the next: undefined members are gone, objects of a class are plain", async () => {
    const { sessions } = world();
    const jar = await signedIn(sessions);
    class User {
      readonly name = "ada";
    }
    const prefs = { user: new User(), none: undefined, bare: Object.assign(Object.create(null) as object, { x: "y" }) };
    const { state } = await request(sessions, jar, (s) => s.update((d) => ({ ...d, prefs: prefs as never })));
    expect(state).toMatchObject({ kind: "active" });
    const data = state.kind === "active" && state.data;
    expect(data).toStrictEqual({ cart: [], prefs: { user: { name: "ada" }, bare: { x: "y" } } });
    const { state: next } = await request(sessions, jar);
    expect(next.kind === "active" && next.data).toStrictEqual(data);
  });

  it("are what the schema makes of them", async () => {
    const trim = (value: unknown) => ({ value: { name: String((value as { name?: unknown }).name ?? "nobody").trim() } });
    const schema = { "~standard": { version: 1 as const, vendor: "test", validate: trim } };
    const { store, clock } = world();
    const sessions = createSessions<{ name: string }>({ store, clock, keys: KEYS, schema, initial: {} as never });
    const jar = new Jar();
    const { state } = await request(sessions, jar, (s) => s.start("ada", { name: "  Ada " }));
    expect(state).toMatchObject({ data: { name: "Ada" } });
    expect((await request(sessions, jar)).state).toMatchObject({ data: { name: "Ada" } });
    const plain = createSessions<{ name: string }>({ store, clock, keys: KEYS });
    expect((await request(plain, jar)).state).toMatchObject({ data: { name: "Ada" } });
    expect((await request(sessions, new Jar(), (s) => s.start("bob"))).state).toMatchObject({ data: { name: "nobody" } });
  });
});

describe("subjects", () => {
  it("half a surrogate pair is refused: such subjects would share their partition", async () => {
    const { sessions } = world();
    const session = await sessions.open(new Headers());
    for (const subject of ["\ud800", "a\udfffb"]) {
      expect(() => session.start(subject)).toThrow(expect.objectContaining({ code: "invalid_data" }));
      await expect(sessions.revokeAll(subject)).rejects.toMatchObject({ code: "invalid_data" });
    }
    session.start("\u{1f511}");
    expect((await session.commit()).state.kind).toBe("active");
  });
});

describe("a cookie for all subdomains", () => {
  it("[B20] has no Domain unless one is given, and giving one warns", () => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => undefined);
    createSessions({ store: createMemoryStore(), keys: KEYS });
    expect(warn).not.toHaveBeenCalled();
    createSessions({ store: createMemoryStore(), keys: KEYS, cookie: { prefix: "__Secure-", domain: "example.com" } });
    expect(warn).toHaveBeenCalledExactlyOnceWith(expect.stringContaining("subdomain"));
    warn.mockRestore();
  });
});
