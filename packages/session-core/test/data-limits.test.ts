import { describe, expect, it } from "vitest";
import { createSessions, HoldfastError, type SessionsOptions } from "../src/index.ts";
import { createMemoryStore } from "../src/memory.ts";
import { type Data, INITIAL, Jar, KEYS, MINUTE, request, signedIn, world } from "./support.ts";

const refused = (options: object): string => {
  try {
    createSessions({ store: createMemoryStore(), keys: KEYS, ...options });
    return "accepted";
  } catch (error) {
    return error instanceof HoldfastError && error.code === "config" ? (error.option ?? "") : String(error);
  }
};

describe("options that do not exist", () => {
  it("[A02] no generator of ids can be given, weak or strong: whatever its name, it is refused at construction", () => {
    for (const name of ["generateId", "genid", "idGenerator", "sessionId", "randomBytes", "uuid"]) {
      expect(refused({ [name]: () => crypto.randomUUID() })).toBe(name);
      expect(refused({ cookie: { [name]: () => "1" } })).toBe(`cookie.${name}`);
      expect(refused({ policy: { [name]: Date.now } })).toBe(`policy.${name}`);
    }
    // @ts-expect-error the type has no word for it either
    const options: Partial<SessionsOptions<Data>> = { generateId: () => "1" };
    expect(refused(options)).toBe("generateId");
  });

  it("misspelled ones are refused by name, nested ones too, and names that every object has", () => {
    expect(refused({ polcy: {} })).toBe("polcy");
    expect(refused({ toString: 1 })).toBe("toString");
    expect(refused({ policy: { absolut: MINUTE } })).toBe("policy.absolut");
    expect(refused({ policy: { constructor: MINUTE } })).toBe("policy.constructor");
    expect(refused({ policy: { profile: "banking", maxAge: MINUTE } })).toBe("policy.maxAge");
    expect(refused({ policy: { guest: { idle: MINUTE, absolute: MINUTE, max: 1 } } })).toBe("policy.guest.max");
    expect(refused({ policy: { concurrent: { max: 1, whenFull: "reject", perDevice: 1 } } })).toBe("policy.concurrent.perDevice");
    expect(refused({ policy: { remember: { idle: 9 * 60 * MINUTE, absolute: 9 * 60 * MINUTE, max: 1 } } })).toBe("policy.remember.max");
    expect(refused({ cookie: { httpOnly: false } })).toBe("cookie.httpOnly");
    expect(refused({ cookie: { sameSite: "strict", name: "a", prefix: "none", secure: false, path: "/a", domain: undefined } })).toBe("accepted");
  });
});

describe("maxDataBytes", () => {
  const text = (bytes: number): Data => ({ cart: [], prefs: { a: "x".repeat(bytes - JSON.stringify({ cart: [], prefs: { a: "" } }).length) } });
  const tooLarge = { code: "data_too_large", message: expect.stringContaining("maxDataBytes") };

  it("nonsense is refused, and a limit that `initial` exceeds", () => {
    for (const value of [0, 1, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, "16384", null]) expect(refused({ maxDataBytes: value })).toBe("maxDataBytes");
    expect(refused({ maxDataBytes: 2 })).toBe("accepted");
    expect(refused({ maxDataBytes: 2, initial: { a: 1 } })).toBe("initial");
    expect(refused({ initial: { a: 1n } })).toBe("initial");
  });

  it("16 KiB unless given: one byte more is refused, and it is bytes that count", async () => {
    for (const [options, limit] of [[{}, 16_384], [{ maxDataBytes: 100 }, 100]] as const) {
      const { sessions } = world(options);
      const jar = await signedIn(sessions);
      expect((await request(sessions, jar, (s) => s.update(() => text(limit)))).state).toMatchObject({ data: text(limit) });
      await expect(request(sessions, jar, (s) => s.update(() => text(limit + 1)))).rejects.toMatchObject(tooLarge);
      // As many characters, each of two bytes: no cheaper measure would do.
      await expect(request(sessions, jar, (s) => s.update(() => ({ cart: ["\u00fc".repeat(limit - 30)], prefs: {} })))).rejects.toMatchObject(tooLarge);
      expect((await request(sessions, jar)).state).toMatchObject({ data: text(limit) });
    }
  });

  it("every way to write data is refused at once, writes nothing, and loses nothing else of the request", async () => {
    const { sessions, store } = world({ maxDataBytes: 100 });
    const jar = await signedIn(sessions);
    const { state: mine } = await request(sessions, jar, (s) => s.update((d) => ({ ...d, cart: ["rope"] })));
    if (mine.kind !== "active") return expect.unreachable();
    store.calls.length = 0;
    const large = () => text(101);
    await expect(sessions.update(mine.id, large)).rejects.toMatchObject(tooLarge);
    await expect(sessions.updateAll("ada", large)).rejects.toMatchObject(tooLarge);
    await expect(sessions.issue("ada", large())).rejects.toMatchObject(tooLarge);
    expect(store.calls.filter((verb) => verb !== "read" && verb !== "list")).toEqual([]);

    const session = await sessions.open(jar.headers());
    session.update((d) => ({ ...d, cart: [...d.cart, "hook"] }));
    expect(() => session.update(large)).toThrow(expect.objectContaining(tooLarge));
    expect(() => session.start("bob", large())).toThrow(expect.objectContaining(tooLarge));
    jar.take((await session.commit()).cookies);
    expect((await request(sessions, jar)).state).toMatchObject({ kind: "active", id: mine.id, subject: "ada", data: { cart: ["rope", "hook"] } });
    expect(await sessions.list("ada")).toHaveLength(1);
    expect(await sessions.list("bob")).toEqual([]);
  });

  it("a lazy session says so with its commit, and writes nothing", async () => {
    const { sessions, store } = world({ maxDataBytes: 100 });
    const jar = await signedIn(sessions);
    const session = sessions.prepare(jar.headers());
    session.update(() => text(101));
    store.calls.length = 0;
    await expect(session.commit()).rejects.toMatchObject(tooLarge);
    expect(store.calls).toEqual(["read"]);
    const visitor = sessions.prepare(new Headers());
    expect(() => visitor.update(() => text(101))).toThrow(expect.objectContaining(tooLarge));
    expect((await visitor.commit()).cookies).toEqual([]);
  });

  it("a guest whose data no longer fits beside the new data is not signed in, and stays what it was", async () => {
    const { sessions } = world({ maxDataBytes: 100 });
    const jar = new Jar();
    await request(sessions, jar, (s) => s.update(() => ({ cart: ["x".repeat(50)], prefs: {} })));
    await expect(request(sessions, jar, (s) => s.start("ada", { prefs: { a: "y".repeat(50) } }, { carry: ["cart"] }))).rejects.toMatchObject(tooLarge);
    expect((await request(sessions, jar)).state).toMatchObject({ kind: "guest", data: { cart: ["x".repeat(50)] } });
  });

  it("racing updates that fit one by one but not together: the one too many is refused, with what fits left whole", async () => {
    const { sessions } = world({ maxDataBytes: 100 });
    const jar = await signedIn(sessions);
    const results = await Promise.allSettled(Array.from({ length: 4 }, () => request(sessions, jar.copy(), (s) => s.update((d) => ({ ...d, cart: [...d.cart, "x".repeat(30)] })))));
    expect(results.filter(({ status }) => status === "fulfilled")).toHaveLength(2);
    for (const result of results) if (result.status === "rejected") expect(result.reason).toMatchObject(tooLarge);
    expect((await request(sessions, jar)).state).toMatchObject({ data: { cart: ["x".repeat(30), "x".repeat(30)] } });
  });

  it("under a smaller limit than before, what is there can be read, renewed and elevated; it is the next write that has to be smaller", async () => {
    const { sessions, store, clock } = world();
    const jar = await signedIn(sessions);
    await request(sessions, jar, (s) => s.update(() => text(1000)));
    const strict = createSessions<Data>({ store, keys: KEYS, clock, initial: INITIAL, maxDataBytes: 100 });
    for (const minutes of [0, 11, 11]) {
      clock.advance(minutes * MINUTE);
      expect((await request(strict, jar)).state).toMatchObject({ kind: "active", data: text(1000) });
    }
    await request(strict, jar, (s) => s.elevate({ acr: "high" }));
    expect((await request(strict, jar)).state).toMatchObject({ acr: "high", data: text(1000) });
    await expect(request(strict, jar, (s) => s.update((d) => ({ ...d, cart: ["more"] })))).rejects.toMatchObject(tooLarge);
    expect((await request(strict, jar, (s) => s.update(() => INITIAL))).state).toMatchObject({ data: INITIAL });
  });
});
