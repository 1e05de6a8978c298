import { describe, expect, it } from "vitest";
import { createSessions, type RequestSession } from "../src/index.ts";
import { createMemoryStore } from "../src/memory.ts";
import { type Data, HOUR, Jar, KEYS, MINUTE, request, signedIn, testClock, world } from "./support.ts";

const DAY = 24 * HOUR;
const add = (item: string) => (data: Data): Data => ({ ...data, cart: [...data.cart, item] });
const idOf = ({ state }: { readonly state: RequestSession<Data>["state"] }): string => (state.kind === "none" ? "" : state.id);

describe("a guest who signs in", () => {
  /** A sign-in, and before its commit another request of the same guest. */
  async function raced(act: (session: RequestSession<Data>) => void, meanwhile: (data: Data) => Data = (data) => ({ ...data, prefs: { lang: "de" } })) {
    const { sessions } = world();
    const jar = new Jar();
    await request(sessions, jar, (s) => s.update(add("a")));
    const signIn = await sessions.open(jar.headers());
    act(signIn);
    await request(sessions, jar.copy(), (s) => s.update(meanwhile));
    const committed = await signIn.commit();
    jar.take(committed.cookies);
    const { state } = await request(sessions, jar);
    expect(committed.state.kind === "active" && committed.state.data).toEqual(state.kind === "active" && state.data);
    return state;
  }

  it("[A07] keeps what the sign-in itself changed, before or after start(), though the guest was written meanwhile", async () => {
    const before = await raced((s) => {
      s.update(add("b"));
      s.start("ada", {}, { carry: ["cart"] });
    });
    expect(before).toMatchObject({ data: { cart: ["a", "b"], prefs: {} } });
    const after = await raced((s) => {
      s.start("ada", {}, { carry: ["cart"] });
      s.update(add("b"));
    }, add("meanwhile"));
    expect(after).toMatchObject({ data: { cart: ["a", "meanwhile", "b"] } });
  });

  it("[A07] is told the state that was written", async () => {
    expect(await raced((s) => s.start("ada", {}, { carry: ["prefs"] }))).toMatchObject({ data: { cart: [], prefs: { lang: "de" } } });
  });

  it("[A09] is not signed in when an update refuses the newer data, and the guest lives on", async () => {
    const { sessions } = world();
    const jar = new Jar();
    await request(sessions, jar, (s) => s.update(add("a")));
    const signIn = await sessions.open(jar.headers());
    signIn.start("ada", {}, { carry: ["cart"] });
    signIn.update((data) => {
      if (data.cart.length > 1) throw new Error("too many");
      return add("b")(data);
    });
    await request(sessions, jar.copy(), (s) => s.update(add("meanwhile")));
    await expect(signIn.commit()).rejects.toThrow("too many");
    expect(await sessions.list("ada")).toEqual([]);
    expect((await request(sessions, jar)).state).toMatchObject({ kind: "guest", data: { cart: ["a", "meanwhile"] } });
  });

  it("twice at once loses nothing that was acknowledged to the guest, whichever answer comes last", async () => {
    const { sessions } = world();
    const jar = new Jar();
    await request(sessions, jar, (s) => s.update(add("a")));
    const [first, second] = [await sessions.open(jar.headers()), await sessions.open(jar.headers())];
    for (const session of [first, second]) session.start("ada", {}, { carry: ["cart"] });
    await request(sessions, jar.copy(), (s) => s.update(add("b")));
    const answers = [await first.commit(), await second.commit()];
    for (const { cookies } of answers) {
      expect((await request(sessions, jar.copy().take(cookies))).state).toMatchObject({ kind: "active", data: { cart: ["a", "b"] } });
    }
  });

  it("keeps its data also where start() is called again in the request, and leaves those of the first call behind", async () => {
    const { sessions } = world();
    const jar = new Jar();
    await request(sessions, jar, (s) => s.update(add("a")));
    const { state } = await request(sessions, jar, (s) => {
      s.start("bob", { prefs: { lang: "de" } }, { carry: ["cart"] });
      s.update(add("b"));
      s.start("ada", {}, { carry: ["cart", "prefs"], acr: "mfa" });
    });
    expect(state).toMatchObject({ subject: "ada", acr: "mfa", data: { cart: ["a"], prefs: {} } });
    expect((await request(sessions, jar)).state).toMatchObject({ data: { cart: ["a"], prefs: {} } });
    expect(await sessions.list("bob")).toEqual([]);
  });

  it("keeps the initial value of a key that is given as undefined", async () => {
    const { sessions } = world();
    const { state } = await request(sessions, new Jar(), (s) => s.start("ada", { cart: undefined } as never));
    expect(state).toMatchObject({ data: { cart: [], prefs: {} } });
  });
});

describe("a guest whose sign-in answered into the void", () => {
  /** The sign-in is written; its cookies never arrive. */
  async function lostAnswer() {
    const it = world();
    const jar = new Jar();
    await request(it.sessions, jar, (s) => s.update(add("a")));
    await request(it.sessions, jar.copy(), (s) => s.start("ada", {}, { carry: ["cart"] }));
    return { ...it, jar };
  }

  it("[A09] is superseded for the overlap and the clocks' difference, since the cookies may be on their way", async () => {
    const { sessions, jar, clock } = await lostAnswer();
    clock.advance(65_000 - 1);
    expect((await sessions.open(jar.headers())).state).toEqual({ kind: "none", refused: "superseded" });
  });

  it("[D03] is nobody after that, can begin again, and a sign-out succeeds and clears the cookie", async () => {
    for (const act of ["update", "end"] as const) {
      const { sessions, jar, clock } = await lostAnswer();
      clock.advance(65_000);
      const { state } = await request(sessions, jar, (s) => (act === "end" ? s.end() : s.update(add("b"))));
      expect(state).toMatchObject(act === "end" ? { kind: "none", ended: "logout" } : { kind: "guest", data: { cart: ["b"] } });
      expect(jar.cookies.size).toBe(act === "end" ? 0 : 1);
    }
  });
});

describe("somebody who signs in again in the same browser", () => {
  it("[D08] is not refused for the session that is replaced, and evicts no other device", async () => {
    const reject = world({ policy: "banking" });
    const jar = await signedIn(reject.sessions);
    expect((await request(reject.sessions, jar, (s) => s.start("ada"))).state.kind).toBe("active");
    expect(await reject.sessions.list("ada")).toHaveLength(1);

    const { sessions, clock, store } = world({ policy: "nistAal3" });
    const jars: Jar[] = [];
    for (let i = 0; i < 3; i++) {
      clock.advance(1000);
      jars.push(await signedIn(sessions));
    }
    const [phone = new Jar(), , laptop = new Jar()] = jars;
    store.calls.length = 0;
    await request(sessions, laptop, (s) => s.start("ada"));
    expect(store.calls).toEqual(["read", "list", "create"]);
    expect((await sessions.open(phone.headers())).state.kind).toBe("active");
    expect(await sessions.list("ada")).toHaveLength(3);
  });

  it("[A09] its stragglers hear that they were superseded, not revoked, and watchers too", async () => {
    const { sessions, clock } = world({ policy: { concurrent: { max: 1, whenFull: "evict-oldest" } } });
    const jar = await signedIn(sessions);
    const old = jar.copy();
    const watched = sessions.watch(idOf(await sessions.open(old.headers())) as never);
    clock.advance(1000);
    await request(sessions, jar, (s) => s.start("ada"));
    expect((await sessions.open(old.headers())).state).toEqual({ kind: "none", refused: "superseded" });
    expect(watched.reason).toMatchObject({ reason: "superseded" });
  });

  it("as somebody else ends the session before all the same", async () => {
    const { sessions } = world();
    const jar = await signedIn(sessions, "ada");
    await request(sessions, jar, (s) => s.start("bob"));
    expect(await sessions.list("ada")).toEqual([]);
    expect(await sessions.list("bob")).toHaveLength(1);
  });
});

describe("revokeOthers", () => {
  it("[D06] after a change of password one session is left, with a new id, and sign-ins under way are refused", async () => {
    for (const policy of ["default", "banking"] as const) {
      const { sessions, clock, events } = world({ policy: policy === "banking" ? { profile: policy, concurrent: { max: 1, whenFull: "reject" } } : policy });
      const jar = await signedIn(sessions);
      const before = idOf(await sessions.open(jar.headers()));
      if (policy === "default") await signedIn(sessions);
      clock.advance(MINUTE);
      const underWay = await sessions.open(new Headers());
      underWay.start("ada");
      const { state } = await request(sessions, jar, (s) => s.start("ada", {}, { revokeOthers: true, authenticatedAt: clock.now() - 30_000 }));
      expect(state).toMatchObject({ kind: "active" });
      expect(idOf({ state })).not.toBe(before);
      expect((await sessions.list("ada")).map(({ id }) => id as string)).toEqual([idOf({ state })]);
      await expect(underWay.commit()).rejects.toMatchObject({ code: "sign_in_revoked" });
      expect((await request(sessions, jar)).state.kind).toBe("active");
      if (policy === "default") expect(events).toContainEqual(expect.objectContaining({ type: "session_revoked", reason: "revoked", count: 1 }));
    }
  });

  it("[D06] a reset by mail, without a session, goes the same way under a limit that is reached", async () => {
    const { sessions } = world({ policy: "banking" });
    const stolen = await signedIn(sessions);
    const jar = new Jar();
    await request(sessions, jar, (s) => s.start("ada", {}, { revokeOthers: true }));
    expect((await sessions.open(stolen.headers())).state).toEqual({ kind: "none", ended: "revoked" });
    expect((await request(sessions, jar)).state.kind).toBe("active");
  });

  it("does not outlive an older revocation, and ends nobody when it is refused or the store fails", async () => {
    const { sessions, clock, store } = world();
    const jar = new Jar();
    const late = await sessions.open(new Headers());
    late.start("ada", {}, { revokeOthers: true });
    clock.advance(1000);
    await sessions.revokeAll("ada");
    clock.advance(1000);
    await request(sessions, jar, (s) => s.start("ada"));
    await expect(late.commit()).rejects.toMatchObject({ code: "sign_in_revoked" });
    store.fail = (verb) => (verb === "endAll" ? new Error("down") : undefined);
    await expect(request(sessions, new Jar(), (s) => s.start("ada", {}, { revokeOthers: true }))).rejects.toMatchObject({ code: "unavailable" });
    store.fail = () => undefined;
    expect(await sessions.list("ada")).toHaveLength(1);
    expect((await request(sessions, jar)).state.kind).toBe("active");
  });

  it("[K01] without a store index says so before anything is written", async () => {
    const clock = testClock();
    const { list: _list, endAll: _endAll, ...rest } = createMemoryStore({ clock });
    let created = 0;
    const store = { ...rest, capabilities: { ...rest.capabilities, index: false }, create: (...call: Parameters<typeof rest.create>) => (created++, rest.create(...call)) };
    const sessions = createSessions({ store, clock, keys: KEYS });
    await expect(request(sessions, new Jar(), (s) => s.start("ada", {}, { revokeOthers: true }))).rejects.toMatchObject({ code: "unsupported" });
    expect(created).toBe(0);
  });
});

describe("subjects and times of authentication", () => {
  it("[D05] what is no subject is refused everywhere, and reaches no store", async () => {
    const { sessions, store } = world();
    const calls = (subject: string): (() => unknown)[] => [
      () => request(sessions, new Jar(), (s) => s.start(subject)),
      () => sessions.issue(subject),
      () => sessions.list(subject),
      () => sessions.updateAll(subject, (data) => data),
      () => sessions.revokeAll(subject),
      () => sessions.owns(subject, "A".repeat(24)),
    ];
    for (const subject of ["", undefined, null, 7, {}, "bob\ud800", "\udfffbob", "x".repeat(1025)]) {
      for (const call of calls(subject as never)) {
        await expect((async () => call())(), `${String(call)} ${String(subject)}`).rejects.toMatchObject({ code: "invalid_data" });
      }
    }
    expect(store.calls).toEqual([]);
    for (const subject of ["x".repeat(1024), "\u{1f600}".repeat(1024), "line\nbreak", "bob\ufffd"]) await sessions.issue(subject);
  });

  it("a time that is none, or too long ago, is refused; seconds are not taken for milliseconds", async () => {
    const { sessions, clock, store } = world({ policy: { remember: { idle: 10 * DAY, absolute: 30 * DAY } } });
    const start = (authenticatedAt: number, remember = false) => request(sessions, new Jar(), (s) => s.start("ada", {}, { authenticatedAt, remember }));
    for (const time of [Number.NaN, Number.POSITIVE_INFINITY]) await expect(start(time)).rejects.toMatchObject({ code: "invalid_data" });
    for (const time of [Math.floor(clock.now() / 1000), clock.now() - 8 * HOUR]) await expect(start(time)).rejects.toMatchObject({ code: "authentication_too_old" });
    expect(store.calls).toEqual([]);
    expect((await start(clock.now() - 8 * HOUR + 1)).state).toMatchObject({ authenticatedAt: clock.now() - 8 * HOUR + 1 });
    expect((await start(clock.now() - 20 * DAY, true)).state.kind).toBe("active");
  });

  it("[D05] a time ahead of ours counts as now, so that it passes no revocation under way", async () => {
    const { sessions, clock } = world();
    const signIn = await sessions.open(new Headers());
    signIn.start("ada", {}, { authenticatedAt: clock.now() + 30_000 });
    expect(signIn.state).toMatchObject({ authenticatedAt: clock.now() });
    clock.advance(10_000);
    await sessions.revokeAll("ada");
    clock.advance(1000);
    await expect(signIn.commit()).rejects.toMatchObject({ code: "sign_in_revoked" });
  });

  it("[D05] an authentication from before a revocation is refused as long as any session could have begun with it", async () => {
    const { sessions, clock } = world({ policy: { absolute: 400 * DAY, idle: DAY } });
    const authenticatedAt = clock.now();
    clock.advance(HOUR);
    await sessions.revokeAll("ada");
    clock.advance(399 * DAY);
    await sessions.revokeAll("somebody else");
    await sessions.sweep();
    await expect(request(sessions, new Jar(), (s) => s.start("ada", {}, { authenticatedAt }))).rejects.toMatchObject({ code: "sign_in_revoked" });
  });
});

describe("a sign-in whose outcome the store could not tell", () => {
  it("[D08] takes no place under the limit", async () => {
    const clock = testClock();
    const memory = createMemoryStore({ clock });
    let broken = true;
    const down = (): never => {
      throw new Error("connection reset");
    };
    const { sessions } = world({
      clock,
      policy: "banking",
      store: {
        ...memory,
        create: async (...call: Parameters<typeof memory.create>) => (await memory.create(...call), broken ? down() : { outcome: "created", evicted: [] }),
        read: async (...call: Parameters<typeof memory.read>) => (broken ? down() : memory.read(...call)),
      } as never,
    });
    await expect(request(sessions, new Jar(), (s) => s.start("ada"))).rejects.toMatchObject({ code: "unavailable" });
    broken = false;
    expect(await sessions.list("ada")).toEqual([]);
    expect((await request(sessions, new Jar(), (s) => s.start("ada"))).state.kind).toBe("active");
  });
});
