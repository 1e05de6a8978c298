import { describe, expect, it, vi } from "vitest";
import type { StandardSchemaV1 } from "@standard-schema/spec";
import { createSessions, HoldfastError, type Policy, type PolicyOptions, resolvePolicy, type SessionsOptions } from "../src/index.ts";
import { createMemoryStore } from "../src/memory.ts";
import { HOUR, Jar, KEYS, MINUTE, recordOf, request, signedIn, testClock, world } from "./support.ts";

const fault = (work: () => unknown): string => {
  try {
    work();
    return "accepted";
  } catch (error) {
    return error instanceof HoldfastError && error.code === "config" ? (error.option ?? "") : String(error);
  }
};
const make = (options: Partial<SessionsOptions<Record<string, unknown>>>) => () => createSessions({ store: createMemoryStore(), keys: KEYS, ...options });

describe("policy", () => {
  const policy = (options: unknown) => () => resolvePolicy(options as PolicyOptions);

  it("[C03] no value means unlimited", () => {
    for (const value of [Number.POSITIVE_INFINITY, Number.NaN, 0, -1, null, "8h", 401 * 24 * HOUR]) {
      expect(fault(policy({ absolute: value }))).toBe("policy.absolute");
    }
    expect(fault(policy({ idle: Number.POSITIVE_INFINITY }))).toBe("policy.idle");
    expect(fault(policy({ guest: { idle: HOUR, absolute: Number.POSITIVE_INFINITY } }))).toBe("policy.guest.absolute");
    // @ts-expect-error the type has no word for it either
    const unlimited: Partial<Policy> = { absolute: "unlimited" };
    expect(fault(policy(unlimited))).toBe("policy.absolute");
  });

  it("names the option that is wrong and why", () => {
    expect(fault(policy({ idle: 9 * HOUR }))).toBe("policy.idle");
    expect(fault(policy({ overlap: 14_999 }))).toBe("policy.overlap");
    expect(fault(policy({ renew: 30_000 }))).toBe("policy.renew");
    expect(fault(policy({ touchEvery: 8 * MINUTE }))).toBe("policy.touchEvery");
    expect(fault(policy({ concurrent: { max: 0, whenFull: "reject" } }))).toBe("policy.concurrent.max");
    expect(fault(policy("nist"))).toBe("policy.profile");
    expect(fault(policy({ profile: "banking", idle: 4 * MINUTE }))).toBe("accepted");
  });

  it("profiles carry the numbers of the texts they are named after", () => {
    expect(resolvePolicy("nistAal2")).toMatchObject({ idle: HOUR, absolute: 24 * HOUR });
    expect(resolvePolicy("nistAal3")).toMatchObject({ idle: 15 * MINUTE, absolute: 12 * HOUR, overlap: 15_000 });
    expect(resolvePolicy("pci").idle).toBe(15 * MINUTE);
    expect(resolvePolicy("banking")).toMatchObject({ idle: 5 * MINUTE, concurrent: { max: 1, whenFull: "reject" } });
    expect(resolvePolicy()).toMatchObject({ idle: 30 * MINUTE, absolute: 8 * HOUR, touchEvery: 3 * MINUTE });
    expect(resolvePolicy({ idle: 2 * MINUTE, absolute: HOUR }).touchEvery).toBe(30_000);
  });
});

describe("construction", () => {
  it("refuses wrong options with a code and the option's name", () => {
    expect(fault(make({ store: {} as never }))).toBe("store");
    expect(fault(make({ realm: "a\0b" }))).toBe("realm");
    expect(fault(make({ onReuse: "ignore" as never }))).toBe("onReuse");
    expect(fault(make({ cookie: { domain: "x.com" } }))).toBe("cookie.domain");
    expect(fault(make({ version: 1.5 }))).toBe("version");
    expect(fault(make({ keys: { ...KEYS, keys: [] } }))).toBe("keys");
  });

  it("[K01] a feature that the store lacks the power for fails loudly", () => {
    const { list: _list, endAll: _endAll, ...plain } = createMemoryStore();
    const store = { ...plain, capabilities: { ...plain.capabilities, index: false } };
    expect(fault(make({ store, policy: { concurrent: { max: 1, whenFull: "reject" } } }))).toBe("policy.concurrent");
    const sessions = make({ store })();
    expect(sessions.listable).toBe(false);
    return expect(sessions.list("ada")).rejects.toMatchObject({ code: "unsupported" });
  });

  it("without keys: one warning in development, refusal in production", () => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => undefined);
    const store = createMemoryStore();
    expect(fault(() => createSessions({ store, development: false }))).toBe("keys");
    createSessions({ store });
    createSessions({ store });
    expect(warn).toHaveBeenCalledTimes(1);
    vi.stubEnv("NODE_ENV", "production");
    expect(fault(() => createSessions({ store }))).toBe("keys");
    vi.unstubAllEnvs();
    warn.mockRestore();
  });
});

describe("data", () => {
  interface Cart {
    readonly items: readonly string[];
  }
  const schema: StandardSchemaV1<unknown, Cart> = {
    "~standard": {
      version: 1,
      vendor: "test",
      validate: (value) => {
        const items = (value as Partial<Cart>).items;
        return Array.isArray(items) && items.every((item) => typeof item === "string") ? { value: { items } } : { issues: [{ message: `bad ${JSON.stringify(value)}`, path: ["items"] }] };
      },
    },
  };

  it("is typed and checked by a Standard Schema on write, and messages do not quote it", async () => {
    const sessions = createSessions({ store: createMemoryStore(), keys: KEYS, schema, initial: { items: [] } });
    const session = await sessions.open(new Headers());
    session.update((d) => ({ items: [...d.items, "a"] }));
    expect(() => session.update(() => ({ items: ["s3cret", 1] as never }))).toThrow(expect.objectContaining({ code: "invalid_data", message: expect.not.stringContaining("s3cret") }));
    expect(() => session.update(() => undefined as never)).toThrow(expect.objectContaining({ code: "invalid_data" }));
    expect((await session.commit()).state).toMatchObject({ kind: "guest", data: { items: ["a"] } });
    expect(fault(() => createSessions({ store: createMemoryStore(), keys: KEYS, schema, initial: {} as never }))).toBe("initial");
  });

  it("that cannot be read any more becomes `initial` with an event, never a sign-out; with migrate it moves on", async () => {
    const clock = testClock();
    const store = createMemoryStore({ clock });
    const old = createSessions<{ list: string[] }>({ store, keys: KEYS, clock, initial: { list: [] } });
    const jar = new Jar();
    await request(old, jar, (s) => s.start("ada", { list: ["x"] }));
    const events: string[] = [];
    const options = { store, keys: KEYS, clock, schema, initial: { items: [] }, onEvent: ({ type }: { type: string }) => void events.push(type) };
    expect((await request(createSessions(options), jar)).state).toMatchObject({ kind: "active", data: { items: [] } });
    expect(events).toContain("session_data_unreadable");
    const migrating = createSessions<Cart>({ ...options, version: 2, migrate: (data) => ({ items: (data as { list: string[] }).list }) });
    expect((await request(migrating, jar)).state).toMatchObject({ kind: "active", data: { items: ["x"] } });
  });
});

describe("what leaves", () => {
  it("[A11] [H08] the store never holds a secret: its rows make no credential", async () => {
    const { sessions, store } = world();
    const jar = await signedIn(sessions);
    const [credential = ""] = jar.cookies.values();
    const secret = Buffer.from(credential, "base64url").subarray(24, 56);
    const [{ id } = { id: "" as never }] = await sessions.list("ada");
    const row = await store.read(id);
    for (const form of [secret.toString("base64url"), secret.toString("base64"), secret.toString("hex"), credential]) expect(JSON.stringify(row)).not.toContain(form);
    const hash = recordOf(row).chain.hash;
    const forged = Buffer.from(credential, "base64url");
    Buffer.from(hash, "base64url").copy(forged, 24);
    const dumped = new Jar();
    for (const [name] of jar.cookies) dumped.cookies.set(name, forged.toString("base64url"));
    expect((await request(sessions, dumped)).state.kind).toBe("none");
  });

  it("[M02] [G11] events and errors carry a keyed handle, never the id, the credential or the subject", async () => {
    const { sessions, events, store, clock } = world();
    const jar = await signedIn(sessions, "ada-canary");
    const thief = jar.copy();
    const state = (await request(sessions, jar)).state;
    clock.advance(11 * MINUTE);
    await request(sessions, jar);
    await request(sessions, jar);
    clock.advance(2 * MINUTE);
    await request(sessions, thief);
    await request(sessions, jar);
    store.fail = () => new Error("down");
    const error: unknown = await sessions.open(jar.headers()).catch((e: unknown) => e);
    const text = JSON.stringify(events) + String(error) + JSON.stringify(error);
    if (state.kind !== "active") return expect.unreachable();
    for (const secret of [state.id, state.subject, ...jar.cookies.values(), ...thief.cookies.values()]) expect(text).not.toContain(secret);
    expect(text).toContain(state.handle);
    expect(state.handle).not.toBe(state.id);
  });

  it("a listener that throws or rejects is reported and changes nothing", async () => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => undefined);
    const { sessions } = world();
    const stop = sessions.on(() => {
      throw new Error("broken listener");
    });
    const jar = await signedIn(sessions);
    expect((await request(sessions, jar)).state.kind).toBe("active");
    expect(warn).toHaveBeenCalledTimes(1);
    stop();
    sessions.on(async () => {
      throw new Error("log server down");
    });
    expect((await request(sessions, await signedIn(sessions))).state.kind).toBe("active");
    expect(warn).toHaveBeenCalledTimes(2);
    warn.mockRestore();
  });

  it("[M01] events have the stable names of the vocabulary", async () => {
    const { sessions, events, clock } = world({ policy: { concurrent: { max: 1, whenFull: "evict-oldest" } } });
    const jar = await signedIn(sessions);
    clock.advance(11 * MINUTE);
    await request(sessions, jar);
    await request(sessions, jar);
    const second = await signedIn(sessions);
    await request(sessions, second, (s) => s.end());
    await request(sessions, jar);
    const third = await signedIn(sessions);
    clock.advance(HOUR);
    await request(sessions, third);
    const types = new Set(events.map(({ type }) => type));
    for (const type of ["session_created", "session_renewed", "session_logout", "session_use_after_expire", "excess_sessions_exceeded"]) expect(types).toContain(type);
    const fourth = await signedIn(sessions);
    clock.advance(31 * MINUTE);
    await request(sessions, fourth);
    expect(events.at(-1)).toMatchObject({ type: "session_expired", reason: "idle" });
  });

  it("the view has remaining seconds and projected data only", async () => {
    const { sessions, clock } = world({ project: ({ data }) => ({ count: data.cart.length }) });
    const jar = await signedIn(sessions);
    await request(sessions, jar, (s) => s.update((d) => ({ ...d, cart: ["secret thing"] })));
    clock.advance(1500);
    const { state, headers } = await request(sessions, jar);
    const view = sessions.view(state);
    expect(view).toMatchObject({ state: "active", subject: "ada", data: { count: 1 }, idleIn: 1798, idleFor: 1800, expiresIn: 28_798, authenticatedAgo: 1 });
    expect(headers).toContainEqual(["Session-Deadlines", `idle=1798, absolute=28798, epoch="${view.state === "active" ? view.epoch : ""}"`]);
    expect(sessions.view({ kind: "none", ended: "idle" })).toEqual({ state: "none", ended: "idle" });
  });
});

type Opened = Awaited<ReturnType<ReturnType<typeof world>["sessions"]["open"]>>;

describe("handle()", () => {
  it("[J01] sets cookies with no-store, and none on a response the application made cacheable", async () => {
    const { sessions, clock } = world();
    const signIn = await sessions.handle(new Request("https://app.test/"), (s) => (s.start("ada"), Response.redirect("https://app.test/home")));
    expect(signIn.status).toBe(302);
    expect(signIn.headers.get("cache-control")).toBe("no-store");
    const [cookie = ""] = signIn.headers.getSetCookie();
    clock.advance(11 * MINUTE);
    const get = (control?: string) =>
      sessions.handle(new Request("https://app.test/x", { headers: { cookie: cookie.split(";")[0] ?? "" } }), () => new Response("x", control ? { headers: { "cache-control": control } } : {}));
    const cacheable = await get("public, max-age=60");
    expect(cacheable.headers.getSetCookie()).toEqual([]);
    expect(cacheable.headers.has("session-deadlines")).toBe(false);
    expect(cacheable.headers.get("cache-control")).toBe("public, max-age=60");
    const renewed = await get();
    expect(renewed.headers.getSetCookie()).toHaveLength(1);
    expect(renewed.headers.get("cache-control")).toBe("no-store");
  });

  it("a handler that throws commits a sign-out and nothing else", async () => {
    const { sessions } = world();
    const jar = await signedIn(sessions);
    const call = (act: Parameters<typeof sessions.handle>[1]) => sessions.handle(new Request("https://app.test/", { headers: jar.headers() }), act);
    await expect(call((s) => (s.update((d) => ({ ...d, cart: ["x"] })), Promise.reject(new Error("boom"))))).rejects.toThrow("boom");
    expect((await request(sessions, jar)).state).toMatchObject({ data: { cart: [] } });
    await expect(call((s) => (s.end(), Promise.reject(new Error("boom"))))).rejects.toThrow("boom");
    expect((await request(sessions, jar)).state).toEqual({ kind: "none", ended: "logout" });
  });

  it("a handler that throws begins no session for a visitor, nor for the holder of a dead cookie", async () => {
    const { sessions, store } = world();
    const dead = await signedIn(sessions);
    await request(sessions, dead.copy(), (s) => s.end());
    for (const jar of [new Jar(), dead]) {
      store.calls.length = 0;
      for (const act of [(s: Opened) => s.start("ada"), (s: Opened) => s.update((d) => ({ ...d, cart: ["x"] }))]) {
        const session = await sessions.open(jar.headers());
        const before = session.state;
        act(session);
        session.discard();
        expect(session.state).toEqual(before);
        const { state, cookies } = await session.commit();
        expect([state, cookies]).toEqual([before, []]);
      }
      expect(store.calls).not.toContain("create");
    }
  });
});
