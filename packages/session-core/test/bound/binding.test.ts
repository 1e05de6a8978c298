import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { createDeviceBinding, type DeviceBindingOptions } from "../../src/bound.ts";
import { sealedSessions } from "../../src/sealed.ts";
import { createSignals } from "../../src/signals.ts";
import { bindRow } from "../../src/lib/bound/bind-row.ts";
import { codeOf, KEYS, MINUTE, recordOf, request, signedIn, world } from "../support.ts";

const KEY = "thumbprint ES256 x y";

async function bound(options: Parameters<typeof world>[0] = {}) {
  const it = world(options);
  const jar = await signedIn(it.sessions);
  const [{ id } = { id: "" as never }] = await it.sessions.list("ada");
  return { ...it, jar, id };
}

describe("the key in a session's record", () => {
  it("[I13] is written once: of many at once one wins, and the others find its key", async () => {
    const { store, clock, id } = await bound();
    const outcomes = await Promise.all(Array.from({ length: 20 }, (_, i) => bindRow({ store, clock, emit: () => undefined }, id, `${KEY}${i}`)));
    expect(outcomes.filter((outcome) => outcome === "bound")).toHaveLength(1);
    expect(outcomes.filter((outcome) => outcome === "taken")).toHaveLength(19);
    const { key } = recordOf(await store.read(id));
    expect(key).toBe(`${KEY}${outcomes.indexOf("bound")}`);
    expect(await bindRow({ store, clock, emit: () => undefined }, id, key ?? "")).toBe("taken");
  });

  it("is in the state, stays through updates, renewals and elevations, and moves no deadline", async () => {
    const { sessions, store, clock, id, jar } = await bound({ signals: createSignals({ keys: KEYS }) });
    const before = (await sessions.open(jar.headers())).state;
    clock.advance(MINUTE);
    await bindRow({ store, clock, emit: () => undefined }, id, KEY);
    const after = (await sessions.open(jar.headers())).state;
    expect(after).toEqual({ ...before, key: KEY });
    await request(sessions, jar, (s) => s.update((data) => ({ ...data, cart: ["x"] })));
    await request(sessions, jar, (s) => s.elevate({ acr: "high", reauthenticated: true }));
    clock.advance(20 * MINUTE);
    await request(sessions, jar);
    await request(sessions, jar);
    expect((await sessions.open(jar.headers())).state).toMatchObject({ key: KEY, acr: "high", data: { cart: ["x"] } });
    await sessions.update(id, (data) => ({ ...data, cart: [] }));
    expect(recordOf(await store.read(id)).key).toBe(KEY);
  });

  it("stays when it comes between an elevation and its first use", async () => {
    const { sessions, store, clock, id, jar } = await bound();
    await request(sessions, jar, (s) => s.elevate({ acr: "high" }));
    await bindRow({ store, clock, emit: () => undefined }, id, KEY);
    await request(sessions, jar);
    expect((await sessions.open(jar.headers())).state).toMatchObject({ key: KEY, acr: "high" });
  });

  it("does not outlive the session: a sign-in begins without one", async () => {
    const { sessions, store, clock, id, jar } = await bound();
    await bindRow({ store, clock, emit: () => undefined }, id, KEY);
    await request(sessions, jar, (s) => s.start("ada"));
    expect((await sessions.open(jar.headers())).state).toMatchObject({ kind: "active", key: undefined });
    expect(await bindRow({ store, clock, emit: () => undefined }, id, KEY)).toBe("over");
  });

  it("brings nothing back: not what was signed out, revoked or never there, and no guest", async () => {
    const { sessions, store, clock, id, jar } = await bound();
    await request(sessions, jar, (s) => s.end());
    expect(await bindRow({ store, clock, emit: () => undefined }, id, KEY)).toBe("over");
    expect((await sessions.open(jar.headers())).state.kind).toBe("none");
    expect(await bindRow({ store, clock, emit: () => undefined }, "A".repeat(24) as typeof id, KEY)).toBe("over");
    const guest = await request(sessions, jar, (s) => s.update((data) => ({ ...data, cart: ["x"] })));
    expect(await bindRow({ store, clock, emit: () => undefined }, guest.state.kind === "none" ? id : guest.state.id, KEY)).toBe("over");
  });

  it("counts when only its acknowledgement was lost; else the fault is `unavailable`", async () => {
    const { store, clock, id } = await bound();
    let lost = true;
    const { update } = store;
    const flaky = new Proxy(store, { get: (target, name) => name !== "update" ? Reflect.get(target, name) : async (...args: Parameters<typeof update>) => {
      const outcome = await target.update(...args);
      if (lost) throw new Error("reset");
      return outcome;
    } });
    expect(await bindRow({ store: flaky, clock, emit: () => undefined }, id, KEY)).toBe("bound");
    lost = false;
    store.fail = (verb) => (verb === "read" ? new Error("down") : undefined);
    expect(await codeOf(() => bindRow({ store: flaky, clock, emit: () => undefined }, id, KEY))).toBe("unavailable");
  });

  it("costs no answer of the writers beside it: neither loses what it wrote", async () => {
    const { sessions, store, clock, id, jar } = await bound();
    await Promise.all([bindRow({ store, clock, emit: () => undefined }, id, KEY), ...Array.from({ length: 5 }, (_, i) => request(sessions, jar.copy(), (s) => s.update((data) => ({ ...data, cart: [...data.cart, String(i)] }))))]);
    const record = recordOf(await store.read(id));
    expect(record.key).toBe(KEY);
    expect((record.data as { cart: string[] }).cart.toSorted()).toEqual(["0", "1", "2", "3", "4"]);
  });

  it("that is no text makes a record damaged, not free of its key", async () => {
    const { sessions, store, clock, id, jar } = await bound();
    await bindRow({ store, clock, emit: () => undefined }, id, KEY);
    const row = await store.read(id);
    if (!row) throw new Error("no row");
    await store.update({ ...row, revision: row.revision + 1, body: row.body.replace(JSON.stringify(KEY), "7") }, row.revision);
    expect((await sessions.open(jar.headers())).state.kind).toBe("none");
  });
});

describe("createDeviceBinding()", () => {
  const { sessions, store } = world();
  const make = (options: Partial<DeviceBindingOptions>) => createDeviceBinding(sessions, { store, keys: KEYS, ...options });

  it("refuses what would be unsafe or would not work, and says which option", async () => {
    for (const [option, options] of [
      ["bind", { bind: "always" }], ["algorithms", { algorithms: [] }], ["algorithms", { algorithms: ["none"] }], ["algorithms", { algorithms: ["ES384"] }], ["ticketLife", { ticketLife: 1000 }], ["ticketLife", { ticketLife: Number.NaN }], ["ticketLife", { ticketLife: 10 ** 9 }],
      ["registerWithin", { registerWithin: 0 }], ["realm", { realm: "a b" }], ["realm", { realm: "" }], ["storeTimeout", { storeTimeout: 0 }], ["storeTimeout", { storeTimeout: Number.NaN }], ["storeTimeout", { storeTimeout: 2 ** 31 }], ["storeTimeout", { storeTimeout: "on" }], ["base", { base: "/" }], ["base", { base: "/s/" }], ["path", { path: "/x/" }], ["path", { path: 'x"' }], ["exclude", { exclude: ["sign-in"] }], ["exclude", { exclude: ['/"'] }], ["refreshInitiators", { refreshInitiators: ["https://app.test"] }], ["refreshInitiators", { refreshInitiators: ["a.*.b"] }], ["origin", { origin: "http://app.test" }], ["origin", { origin: "https://App.test" }], ["origin", { origin: "https://app.test:443" }], ["origin", { origin: "https://app.test/" }],
      ["skipped", { skipped: "sometimes" }], ["skipped", { skipped: "allow", profile: "pci" }], ["profile", { profile: "none" }], ["store", { store: sealedSessions() }], ["store", { store: undefined }], ["keys", { keys: undefined }], ["lifetime", { lifetime: 1 }],
    ] as unknown as [string, Partial<DeviceBindingOptions>][]) {
      expect(() => make(options), JSON.stringify(options)).toThrow(expect.objectContaining({ code: "config", option }) as Error);
    }
    const shared = world({ cookie: { prefix: "__Secure-", domain: "app.test" } }).sessions;
    expect(() => createDeviceBinding(shared, { store, keys: KEYS })).toThrow("cookie.domain");
    expect(createDeviceBinding(shared, { store, keys: KEYS, bind: "off" }).bind).toBe("off");
    const plain = world({ cookie: { prefix: "none", secure: false } }).sessions;
    expect(() => createDeviceBinding(plain, { store, keys: KEYS, bind: "require" })).toThrow("secure");
    expect(await codeOf(() => createDeviceBinding(plain, { store, keys: KEYS }))).toBe("none");
  });

  it("[I01] invites over https only, and where cookies are secure", async () => {
    const state = (await sessions.open((await signedIn(sessions)).headers())).state;
    expect(make({}).invitation(state, "https://app.test/x")).toMatch(/^\(ES256\);path="\/session\/dbsc\/register";challenge="[\w-]{54}";authorization="[\w-]{32}"$/);
    expect(make({}).invitation(state, "http://app.test/x")).toBeUndefined();
    expect(make({ origin: "https://app.test" }).invitation(state, "http://inside/x")).toBeDefined();
    const plain = world({ cookie: { prefix: "none", secure: false } }).sessions;
    expect(createDeviceBinding(plain, { store, keys: KEYS }).invitation(state, "https://app.test/x")).toBeUndefined();
    expect(make({}).invitation({ kind: "none" }, "https://app.test/x")).toBeUndefined();
  });

  it("excludes a path and what is below it, the sign-out always, and nothing that only begins alike", () => {
    const binding = make({ exclude: ["/sign-in", "/a/b"] });
    expect(["/sign-in", "/sign-in/x", "/a/b", "/session/logout"].map(binding.excludes)).toEqual([true, true, true, true]);
    expect(["/sign-in2", "/a", "/a/bc", "/", "/session", "/session/refresh", "/sign-in%2f"].map(binding.excludes)).toEqual([false, false, false, false, false, false, false]);
  });

  it("a realm has paths of its own; the session routes may be elsewhere, and their sign-out with them", () => {
    expect(make({}).paths).toEqual({ register: "/session/dbsc/register", refresh: "/session/dbsc/refresh", view: "/session" });
    expect(make({ realm: "shop/admin" }).paths).toEqual({ register: "/session/dbsc-shop_admin/register", refresh: "/session/dbsc-shop_admin/refresh", view: "/session" });
    const binding = make({ base: "/auth/session" });
    expect(binding.paths).toEqual({ register: "/auth/session/dbsc/register", refresh: "/auth/session/dbsc/refresh", view: "/auth/session" });
    expect(["/auth/session/logout", "/session/logout"].map(binding.excludes)).toEqual([true, false]);
    expect(make({ path: "/x" }).paths.register).toBe("/x/register");
    expect(make({ storeTimeout: "off" }).bind).toBe("prefer");
  });

  it("a key that a later release wrote is not looked past: nobody can say", async () => {
    const it = await bound();
    await bindRow({ ...it, emit: () => undefined }, it.id, "v2 something else");
    const { state } = await it.sessions.open(it.jar.headers());
    const events: unknown[] = [];
    const binding = createDeviceBinding(it.sessions, { store: it.store, keys: KEYS, clock: it.clock, onEvent: (event) => void events.push(event) });
    expect(binding.check(state, it.jar.headers())).toEqual({ outcome: "indeterminate" });
    const handle = state.kind === "none" ? "" : state.handle;
    const request = new Request("https://app.test/session/dbsc/refresh", { method: "POST", headers: { ...Object.fromEntries(it.jar.headers()), "sec-secure-session-id": handle } });
    expect((await binding.refresh(await it.sessions.open(request), request)).outcome).toBe("unavailable");
    const told = { at: it.clock.now(), type: "device_indeterminate", handle, of: "key" };
    expect(events).toEqual([told, told]);
  });

  it("[I12] events tell no secret, and a listener that throws decides nothing", async () => {
    const it = await bound();
    const events: unknown[] = [];
    const binding = createDeviceBinding(it.sessions, { store: it.store, keys: KEYS, clock: it.clock, onEvent: (event) => {
      events.push(event);
      throw new Error("boom");
    } });
    const real = "A".repeat(43);
    await bindRow({ ...it, emit: () => undefined }, it.id, `${real} ES256 x y`);
    const { state } = await it.sessions.open(it.jar.headers());
    const result = await binding.register(await it.sessions.open(it.jar.headers()), new Request("https://app.test/session/dbsc/register", { method: "POST", headers: { ...Object.fromEntries(it.jar.headers()), "sec-fetch-mode": "no-cors", "sec-fetch-dest": "empty", "sec-fetch-site": "same-origin", "secure-session-response": "secret.of.somebody" } }));
    expect(result).toEqual({ outcome: "refused", why: "bound_already" });
    expect(binding.check(state, it.jar.headers()).outcome).toBe("indeterminate");
    const told = inspect(events, { depth: 9 });
    expect(told).toContain("bound_already");
    for (const word of ["secret", real, it.id, ...it.jar.cookies.values()]) expect(told).not.toContain(word);
  });
});
