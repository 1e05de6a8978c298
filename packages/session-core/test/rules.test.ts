import { afterEach, describe, expect, it, vi } from "vitest";
import { createSessions, type SessionId } from "../src/index.ts";
import { fromBase64url, toBase64url } from "../src/lib/bytes.ts";
import { encodeCredential, newSessionId } from "../src/lib/token/credential.ts";
import { createKeyRing } from "../src/lib/token/key-ring.ts";
import { createCookieTransport } from "../src/lib/transport/cookie.ts";
import { createMemoryStore } from "../src/memory.ts";
import { codeOf, HOUR, INITIAL, Jar, KEYS, MINUTE, recordOf, request, signedIn, testClock, world } from "./support.ts";

// Each of these was written because the code could be broken in one place without a test of that row noticing.

const onlyOf = (jar: Jar): string => [...jar.cookies.values()][0] ?? "";
const partOf = (credential: string, from: number, to: number): string => toBase64url((fromBase64url(credential) ?? new Uint8Array()).subarray(from, to));

/** The engine's clock goes on, the store's stands still: rows are there long after they expired, as where an engine's expiry lags. */
function lagging(options: Parameters<typeof world>[0] = {}) {
  return world({ ...options, store: createMemoryStore({ clock: testClock() }) });
}

describe("secrets and ids", () => {
  afterEach(() => void vi.restoreAllMocks());

  it("[A01] [A03] secret, chain key and nonce are what the platform's generator gave, whole and nothing else", async () => {
    const given = new Set<string>();
    const real = globalThis.crypto.getRandomValues.bind(globalThis.crypto);
    vi.spyOn(globalThis.crypto, "getRandomValues").mockImplementation((array) => {
      const filled = real(array);
      given.add(toBase64url(new Uint8Array((filled as Uint8Array).slice())));
      return filled;
    });
    const { sessions, store } = world();
    const guest = new Jar();
    await request(sessions, guest, (s) => s.update((d) => ({ ...d, cart: ["x"] })));
    const { credential, state } = await sessions.issue("ada");
    for (const text of [onlyOf(guest), onlyOf(await signedIn(sessions)), credential.reveal()]) expect(given).toContain(partOf(text, 24, 56));
    // A guest's partition is random too: 18 bytes at once. A subject's is keyed, the 9 bytes after it are random.
    expect(given).toContain(partOf(onlyOf(guest), 0, 18));
    expect(given).toContain(partOf(credential.reveal(), 9, 18));
    const row = await store.read(state.id);
    expect(given).toContain(recordOf(row).chain.chainKey);
  });

  it("[A04] an id that the server never issued does not become a session, not even under a good tag: a fresh id, and an event for each try", async () => {
    const { sessions, store, events } = world();
    const ring = createKeyRing(KEYS, "default");
    const cookies = createCookieTransport();
    const ids = new Set<string>();
    for (let i = 0; i < 3; i++) {
      const planted = newSessionId(ring.partition("ada"));
      const jar = new Jar();
      jar.cookies.set(cookies.nameOf(1), encodeCredential({ id: planted, chain: 1, step: 0, secret: new Uint8Array(32).fill(i) }, ring, "cookie"));
      expect((await request(sessions, jar)).state).toEqual({ kind: "none" });
      const { state } = await request(sessions, jar, (s) => s.update((d) => ({ ...d, cart: ["x"] })));
      if (state.kind !== "guest") return expect.unreachable();
      expect(state.id).not.toBe(planted);
      expect(await store.read(planted)).toBeNull();
      ids.add(state.id);
    }
    expect(ids.size).toBe(3);
    expect(events.filter(({ type }) => type === "session_unknown")).toHaveLength(6);
  });

  it("[A05] ids from outside are checked before any store call", async () => {
    const { sessions, store } = world();
    await signedIn(sessions);
    store.calls.length = 0;
    const good = newSessionId();
    for (const id of ["", "x", `${good}A`, `A${good}`, good.slice(1), `${good}\n`, `${good.slice(0, 23)}+`, "'; DROP TABLE x; --'()''", "\0".repeat(24), "é".repeat(24), 5, null, undefined, {}] as SessionId[]) {
      expect(await sessions.get(id)).toBeNull();
      expect(await codeOf(() => sessions.update(id, (d) => d))).toBe("no_session");
      await sessions.revoke(id);
      expect(sessions.owns("ada", id)).toBe(false);
    }
    expect(store.calls).toEqual([]);
  });

  it("[A08] what is not listed stays behind at the sign-in, and a guest in the middle of something is not signed in", async () => {
    const { sessions } = world();
    const jar = new Jar();
    const { state } = await request(sessions, jar, (s) => s.update((d) => ({ ...d, cart: ["x"], prefs: { resetFor: "ada", mfa: "pending" } })));
    expect(state.kind).toBe("guest");
    expect(state).not.toHaveProperty("subject");
    const guest = await sessions.open(jar.headers());
    expect(() => guest.elevate({ acr: "high", reauthenticated: true })).toThrow(expect.objectContaining({ code: "no_session" }));
    expect((await request(sessions, jar, (s) => s.start("ada", {}, { carry: ["cart"] }))).state).toMatchObject({ data: { cart: ["x"], prefs: {} } });
    const again = new Jar();
    await request(sessions, again, (s) => s.update((d) => ({ ...d, cart: ["x"] })));
    expect((await request(sessions, again, (s) => s.start("ada"))).state).toMatchObject({ data: INITIAL });
  });

  it("[A11] no row holds a secret that works or will work: not the current, the next, or the elevated one, nor a guest's", async () => {
    const { sessions, store, clock } = world();
    const jar = new Jar();
    const secrets: string[] = [];
    const bodies: string[] = [];
    const look = async (): Promise<void> => {
      const state = (await request(sessions, jar.copy())).state;
      if (state.kind === "none") return expect.unreachable();
      bodies.push((await store.read(state.id))?.body ?? "");
      secrets.push(partOf([...jar.cookies.values()].at(-1) ?? "", 24, 56));
    };
    await request(sessions, jar, (s) => s.update((d) => ({ ...d, cart: ["x"] })));
    await look();
    await request(sessions, jar, (s) => s.start("ada"));
    for (let i = 0; i < 3; i++) {
      await look();
      clock.advance(11 * MINUTE);
      await request(sessions, jar);
      await look();
    }
    await request(sessions, jar, (s) => s.elevate({ acr: "high", reauthenticated: true }));
    await look();
    await look();
    expect(new Set(secrets).size).toBeGreaterThan(4);
    for (const body of bodies) {
      for (const secret of secrets) for (const form of [secret, Buffer.from(secret, "base64url").toString("hex"), Buffer.from(secret, "base64url").toString("base64")]) expect(body).not.toContain(form);
    }
  });

  it("[A13] the session keeps what the sign-in said, and neither renewal, update nor a change of role makes it newer or stronger", async () => {
    const { sessions, clock } = world();
    const jar = new Jar();
    const authenticatedAt = clock.now() - MINUTE;
    const said = { acr: "aal2", amr: ["pwd", "otp"], authenticatedAt };
    await request(sessions, jar, (s) => s.start("ada", {}, said));
    expect((await request(sessions, jar)).state).toMatchObject(said);
    clock.advance(11 * MINUTE);
    await request(sessions, jar);
    await request(sessions, jar, (s) => s.update((d) => ({ ...d, prefs: { acr: "aal3" } })));
    expect((await request(sessions, jar)).state).toMatchObject(said);
    await request(sessions, jar, (s) => s.elevate({ acr: "admin" }));
    expect((await request(sessions, jar)).state).toMatchObject({ acr: "admin", amr: said.amr, authenticatedAt });
    const later = new Jar();
    await request(sessions, later, (s) => s.start("ada", {}, { authenticatedAt: clock.now() + HOUR }));
    expect((await request(sessions, later)).state).toMatchObject({ authenticatedAt: clock.now(), acr: undefined, amr: [] });
  });
});

describe("cookies of a response", () => {
  it("[B12] one name is never set and cleared at once, not even when every one of our names comes in", async () => {
    const { sessions } = world();
    const jar = new Jar();
    for (const name of createCookieTransport().names) jar.cookies.set(name, "garbage");
    const { cookies } = await request(sessions, jar, (s) => s.start("ada"));
    expect(new Set(cookies.map(({ name }) => name)).size).toBe(cookies.length);
    expect(cookies.filter(({ value }) => value !== "")).toHaveLength(1);
    expect((await request(sessions, jar)).state.kind).toBe("active");
  });

  it("[B13] handle() gives each cookie a field of its own, on a redirect too", async () => {
    const { sessions } = world();
    const jar = new Jar();
    await request(sessions, jar, (s) => s.update((d) => ({ ...d, cart: ["x"] })));
    const response = await sessions.handle(new Request("https://app.test/", { headers: jar.headers() }), (s) => (s.start("ada"), Response.redirect("https://app.test/home")));
    const lines = response.headers.getSetCookie();
    expect(lines).toHaveLength(2);
    for (const line of lines) expect(line.match(/__Host-sid-/g)).toHaveLength(1);
    expect(response.headers.get("location")).toBe("https://app.test/home");
  });
});

describe("limits, where the store keeps rows for too long", () => {
  it("[B18] [C01] [C02] [C09] [M01] both limits hold without the store's help, and say which it was", async () => {
    const { sessions, clock, events } = lagging();
    const [idle, busy] = [await signedIn(sessions), await signedIn(sessions)];
    clock.advance(30 * MINUTE - 1);
    expect((await request(sessions, idle, undefined, { "session-activity": "none" })).state.kind).toBe("active");
    await request(sessions, busy);
    clock.advance(1);
    expect((await request(sessions, idle)).state).toEqual({ kind: "none", ended: "idle" });
    for (let t = 30; t < 470; t += 20) {
      clock.advance(20 * MINUTE);
      await request(sessions, busy);
    }
    expect((await request(sessions, busy)).state.kind).toBe("active");
    clock.advance(10 * MINUTE);
    expect((await request(sessions, busy)).state).toEqual({ kind: "none", ended: "absolute" });
    expect(events.filter(({ type }) => type === "session_expired").map((event) => "reason" in event && event.reason)).toEqual(["idle", "absolute"]);
  });

  it("[C02] the absolute limit counts from the authentication: not from the request that signs in, nor from the guest's first", async () => {
    const { sessions, clock } = world();
    const jar = new Jar();
    await request(sessions, jar, (s) => s.update((d) => ({ ...d, cart: ["x"] })));
    clock.advance(24 * HOUR);
    const authenticatedAt = clock.now() - 10 * MINUTE;
    const { state } = await request(sessions, jar, (s) => s.start("ada", {}, { authenticatedAt }));
    expect(state).toMatchObject({ absoluteAt: authenticatedAt + 8 * HOUR });
  });

  it("[C04] activity alone slides idle, and so does a re-authentication", async () => {
    const { sessions, clock } = world({ policy: { renew: "off" } });
    const jar = await signedIn(sessions);
    for (let i = 0; i < 4; i++) {
      clock.advance(20 * MINUTE);
      expect((await request(sessions, jar)).state).toMatchObject({ kind: "active", idleAt: clock.now() + 30 * MINUTE });
    }
    clock.advance(2 * MINUTE);
    await request(sessions, jar, (s) => s.elevate({ reauthenticated: true }));
    const { state } = await request(sessions, jar, undefined, { "session-activity": "none" });
    expect(state).toMatchObject({ idleAt: clock.now() + 30 * MINUTE, absoluteAt: clock.now() + 8 * HOUR });
  });

  it("[C05] a session that expired unseen is over for every call, also by id", async () => {
    const { sessions, clock } = lagging();
    const jar = await signedIn(sessions);
    const [{ id } = { id: "" as SessionId }] = await sessions.list("ada");
    clock.advance(30 * MINUTE);
    expect(await sessions.get(id)).toBeNull();
    expect(await sessions.list("ada")).toEqual([]);
    expect(await codeOf(() => sessions.update(id, (d) => ({ ...d, cart: ["x"] })))).toBe("no_session");
    expect((await request(sessions, jar, undefined, { "session-activity": "none" })).state).toEqual({ kind: "none", ended: "idle" });
    expect(await codeOf(() => request(sessions, jar, (s) => s.elevate({ acr: "x" })))).toBe("no_session");
  });

  it("[C07] a prefetch that says so in the older way is no activity either", async () => {
    const { sessions, clock } = world();
    const jar = await signedIn(sessions);
    clock.advance(20 * MINUTE);
    await request(sessions, jar, undefined, { purpose: "prefetch" });
    clock.advance(10 * MINUTE);
    expect((await request(sessions, jar)).state.kind).toBe("none");
  });

  it("[C08] in the middle of a session the credential is renewed when its time comes, and the old one dies one overlap after the new one was used", async () => {
    const { sessions, clock } = world();
    const jar = await signedIn(sessions);
    const old = jar.copy();
    clock.advance(10 * MINUTE - 1);
    expect((await request(sessions, jar)).cookies).toEqual([]);
    clock.advance(1);
    expect((await request(sessions, jar)).cookies).toHaveLength(1);
    await request(sessions, jar);
    clock.advance(MINUTE - 1);
    expect((await request(sessions, old)).state.kind).toBe("active");
    clock.advance(1);
    expect((await request(sessions, old)).state).toEqual({ kind: "none", refused: "superseded" });
  });

  it("[C11] a tightened absolute limit ends sessions at their next request too", async () => {
    const { sessions, clock, store } = lagging();
    const jar = await signedIn(sessions);
    for (let i = 0; i < 4; i++) {
      clock.advance(20 * MINUTE);
      await request(sessions, jar);
    }
    const tightened = createSessions({ store, keys: KEYS, clock, initial: INITIAL, policy: { absolute: HOUR } });
    expect((await request(tightened, jar)).state).toEqual({ kind: "none", ended: "absolute" });
  });
});

describe("ending and telling", () => {
  it("[D01] a sign-out that the store did not take is an error, not a sign-out: the cookie stays and so does the session", async () => {
    const { sessions, store } = world();
    const jar = await signedIn(sessions);
    store.fail = (verb) => (verb === "end" ? new Error("down") : undefined);
    const session = await sessions.open(jar.headers());
    session.end();
    expect(await codeOf(() => session.commit())).toBe("unavailable");
    store.fail = () => undefined;
    expect((await request(sessions, jar)).state.kind).toBe("active");
  });

  it("[D07] the list tells what a device list needs and nothing of the row", async () => {
    const { sessions, clock } = world();
    await request(sessions, new Jar(), (s) => s.start("ada", {}, { device: "Phone" }));
    const [row] = await sessions.list("ada");
    const names = ["authenticatedAt", "createdAt", "current", "data", "device", "handle", "id", "seenAt"];
    expect(Object.keys(row ?? {}).filter((name) => !names.includes(name) && name !== "remember" && name !== "signals")).toEqual([]);
    expect(row).toMatchObject({ device: "Phone", createdAt: clock.now(), seenAt: clock.now(), current: false });
  });

  it("[M01] a sign-in that the limit refuses is told, with what was done about it", async () => {
    const { sessions, events } = world({ policy: { concurrent: { max: 1, whenFull: "reject" } } });
    await signedIn(sessions);
    expect(await codeOf(() => signedIn(sessions))).toBe("limit_reached");
    expect(events).toContainEqual(expect.objectContaining({ type: "excess_sessions_exceeded", action: "reject", count: 1 }));
  });

  it("[M02] the handle is keyed: the same session has another one under another subject key", () => {
    const id = newSessionId();
    const other = createKeyRing({ ...KEYS, subjectKey: Buffer.alloc(32, 77).toString("base64url") }, "default");
    expect(other.handle(id)).not.toBe(createKeyRing(KEYS, "default").handle(id));
  });
});
