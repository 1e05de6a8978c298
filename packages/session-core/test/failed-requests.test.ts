import { describe, expect, it } from "vitest";
import { HOUR, Jar, MINUTE, request, signedIn, world } from "./support.ts";

describe("what is left of a request that failed", () => {
  it("[D01] the sign-out stands, also of a lazy session whose update throws when it is read", async () => {
    const { sessions } = world();
    const jar = await signedIn(sessions);
    const session = sessions.prepare(jar.headers());
    session.update(() => {
      throw new Error("broken handler");
    });
    session.end();
    await expect(session.load()).rejects.toThrow("broken handler");
    session.discard();
    expect((await session.commit()).state).toEqual({ kind: "none", ended: "logout" });
    expect((await sessions.open(jar.headers())).state).toEqual({ kind: "none", ended: "logout" });
  });

  it("a commit that the handler awaited and dealt with leaves its answer alone: no cookie, no header, the state that was read", async () => {
    const { sessions } = world({ policy: "banking" });
    await signedIn(sessions);
    const response = await sessions.handle(new Request("https://app.test/"), async (session) => {
      session.start("ada");
      await expect(session.commit()).rejects.toMatchObject({ code: "limit_reached" });
      expect(session.state).toEqual({ kind: "none" });
      expect(() => session.end()).toThrow(expect.objectContaining({ code: "already_committed" }));
      return new Response("You are signed in elsewhere. End that session?", { status: 409 });
    });
    expect(response.status).toBe(409);
    expect([...response.headers.keys()]).toEqual(["content-type", "vary"]);
  });

  it("a commit that nobody awaited fails the request", async () => {
    const { sessions, store } = world();
    store.fail = (verb) => (verb === "create" ? new Error("down") : undefined);
    const answer = sessions.handle(new Request("https://app.test/"), (session) => {
      session.start("ada");
      void session.commit().catch(() => undefined);
      return new Response("welcome");
    });
    await expect(answer).rejects.toMatchObject({ code: "unavailable" });
  });

  it("a lazy session that nobody looked at commits nothing, and is not said to be none", async () => {
    const { sessions, store } = world();
    const jar = await signedIn(sessions);
    store.calls.length = 0;
    const committed = await sessions.prepare(jar.headers()).commit();
    expect(committed.cookies).toEqual([]);
    expect(() => committed.state).toThrow(expect.objectContaining({ code: "not_loaded" }));
    expect(store.calls).toEqual([]);
    expect((await sessions.prepare(new Headers()).commit()).state).toEqual({ kind: "none" });
  });

  it("load() tells what the request made of the session, not what was read", async () => {
    const { sessions } = world();
    const jar = await signedIn(sessions);
    const leaving = await sessions.open(jar.headers());
    leaving.end();
    expect((await leaving.load()).kind).toBe("none");
    const coming = await sessions.open(new Headers());
    coming.start("ada");
    expect(await coming.load()).toMatchObject({ kind: "active", subject: "ada" });
  });
});

describe("requests that take long", () => {
  it("[H02] an upload across two renewals that ends with an update is no reuse, and its update is kept", async () => {
    const { sessions, clock, events } = world({ policy: { overlap: 15_000 } });
    const jar = await signedIn(sessions);
    clock.advance(9 * MINUTE);
    const upload = await sessions.open(jar.headers());
    for (let i = 0; i < 26; i++) {
      clock.advance(MINUTE);
      await request(sessions, jar);
    }
    upload.update((data) => ({ ...data, cart: ["uploaded"] }));
    await upload.commit();
    expect(events.map(({ type }) => type)).not.toContain("session_reuse_detected");
    expect((await request(sessions, jar)).state).toMatchObject({ kind: "active", data: { cart: ["uploaded"] } });
  });

  it("[D01] an upload whose session ended meanwhile changes nothing and says why", async () => {
    for (const [act, reason] of [["end", "ended"], ["start", "superseded"]] as const) {
      const { sessions } = world();
      const jar = await signedIn(sessions);
      const upload = await sessions.open(jar.headers());
      await request(sessions, jar, (s) => (act === "end" ? s.end() : s.start("ada")));
      upload.update((data) => ({ ...data, cart: ["uploaded"] }));
      await expect(upload.commit(), act).rejects.toMatchObject({ code: "no_session", reason });
    }
  });

  it("Session-Deadlines of a slow handler promises no more time than there is", async () => {
    const { sessions, clock } = world({ policy: { idle: 30 * MINUTE } });
    const session = await sessions.open((await signedIn(sessions)).headers());
    clock.advance(90_000);
    const { headers } = await session.commit();
    expect(headers).toContainEqual(["Session-Deadlines", expect.stringContaining(`idle=${28.5 * 60}`)]);
  });
});

describe("activity", () => {
  const dueForPromotion = async () => {
    const it = world();
    const jar = await signedIn(it.sessions);
    it.clock.advance(11 * MINUTE);
    await request(it.sessions, jar);
    it.clock.advance(15 * MINUTE);
    const session = await it.sessions.open(jar.headers());
    return { ...it, jar, session };
  };

  it("[C07] is recorded though a poll, which is no activity, was faster with the promotion", async () => {
    for (const asked of [true, false]) {
      const { sessions, session, jar, clock } = await dueForPromotion();
      const poll = await sessions.open(jar.headers(), { activity: false });
      await poll.commit();
      if (asked) session.touch();
      expect((await session.commit()).state).toMatchObject({ seenAt: clock.now() });
      expect((await sessions.open(jar.headers())).state).toMatchObject({ seenAt: clock.now() });
    }
  });

  it("[J04] that was asked for is recorded or says `unavailable`, also where it would have come with a promotion", async () => {
    const one = await dueForPromotion();
    one.store.fail = (verb) => (verb === "update" ? new Error("down") : undefined);
    one.session.touch();
    expect((await one.session.commit()).state).toMatchObject({ seenAt: one.clock.now() });
    const both = await dueForPromotion();
    both.store.fail = (verb) => (verb === "read" ? undefined : new Error("down"));
    both.session.touch();
    await expect(both.session.commit()).rejects.toMatchObject({ code: "unavailable" });
  });

  it("that was asked for is recorded beside an update that changes nothing in the end", async () => {
    const { sessions, clock } = world();
    const jar = await signedIn(sessions);
    clock.advance(MINUTE);
    const session = await sessions.open(jar.headers(), { activity: false });
    session.update((data) => (data.cart.length > 0 ? data : { ...data, cart: ["rope"] }));
    session.touch();
    await sessions.update((session.state.kind === "active" ? session.state.id : "") as never, (data) => ({ ...data, cart: ["rope"] }));
    await session.commit();
    expect((await sessions.open(jar.headers())).state).toMatchObject({ seenAt: clock.now() });
  });

  it("[D01] of a session that was revoked meanwhile is refused", async () => {
    const { sessions } = world();
    const session = await sessions.open((await signedIn(sessions)).headers());
    await sessions.revokeAll("ada");
    session.touch();
    await expect(session.commit()).rejects.toMatchObject({ code: "no_session", reason: "ended" });
  });

  it("[C04] of a guest keeps a session alive whose idle limit is shorter than touchEvery", async () => {
    const { sessions, clock } = world({ policy: { guest: { idle: 2 * MINUTE, absolute: HOUR } } });
    const jar = new Jar();
    await request(sessions, jar, (s) => s.update(() => ({ cart: ["rope"], prefs: {} })));
    for (let i = 0; i < 18; i++) {
      clock.advance(10_000);
      await request(sessions, jar);
    }
    expect((await sessions.open(jar.headers())).state.kind).toBe("guest");
  });

  it("a promotion that comes with an update is told as a renewal too", async () => {
    const { session, events } = await dueForPromotion();
    session.update((data) => ({ ...data, cart: ["rope"] }));
    await session.commit();
    expect(events.map(({ type }) => type)).toContain("session_renewed");
  });
});

describe("elevations", () => {
  it("[A13] two in one request both count", async () => {
    const { sessions, clock } = world();
    const jar = await signedIn(sessions);
    clock.advance(5 * MINUTE);
    const rights = { kind: "active", acr: "high", amr: ["pwd", "otp"], authenticatedAt: clock.now() };
    const { state } = await request(sessions, jar, (s) => {
      s.elevate({ acr: "high", reauthenticated: true });
      s.elevate({ amr: ["pwd", "otp"] });
    });
    expect(state).toMatchObject(rights);
    expect((await request(sessions, jar)).state).toMatchObject(rights);
  });

  it("[A13] a change of role in parallel takes a step-up not away, whichever is written first", async () => {
    for (const order of ["step-up first", "role first"]) {
      const { sessions, clock } = world();
      const jar = await signedIn(sessions);
      clock.advance(5 * MINUTE);
      const stepUp = await sessions.open(jar.headers());
      const role = await sessions.open(jar.headers());
      stepUp.elevate({ acr: "high", reauthenticated: true });
      role.elevate({ amr: ["hwk"] });
      for (const session of order === "role first" ? [role, stepUp] : [stepUp, role]) jar.take((await session.commit()).cookies);
      expect((await request(sessions, jar)).state, order).toMatchObject({ acr: "high", amr: ["hwk"], authenticatedAt: clock.now() });
    }
  });

  it("[C04] a re-authentication shortly before the absolute end restarts it, though its credential is used after that end", async () => {
    const { sessions, clock } = world({ policy: { idle: HOUR, absolute: 8 * HOUR } });
    const jar = await signedIn(sessions);
    for (let i = 0; i < 15; i++) {
      clock.advance(30 * MINUTE);
      await request(sessions, jar);
    }
    clock.advance(29 * MINUTE);
    const old = jar.copy();
    const { state } = await request(sessions, jar, (s) => s.elevate({ reauthenticated: true }));
    expect(state).toMatchObject({ kind: "active", absoluteAt: clock.now() + 8 * HOUR });
    clock.advance(2 * MINUTE);
    // Whoever holds the credential from before is out in time, and takes nobody along.
    expect((await sessions.open(old.headers())).state).toEqual({ kind: "none", ended: "absolute" });
    expect((await request(sessions, jar)).state).toMatchObject({ kind: "active", absoluteAt: clock.now() - 2 * MINUTE + 8 * HOUR });
    expect(await sessions.list("ada")).toHaveLength(1);
  });

  it("of a superseded credential says so", async () => {
    const { sessions } = world();
    const jar = await signedIn(sessions);
    const old = jar.copy();
    await request(sessions, jar, (s) => s.elevate({ acr: "high" }));
    await request(sessions, jar);
    const session = await sessions.open(old.headers());
    expect(() => session.elevate({ acr: "high" })).toThrow(expect.objectContaining({ code: "no_session", reason: "superseded" }));
  });

  it("[A13] that lower the rights hold at once, for every credential, and need no new one", async () => {
    const { sessions } = world();
    const jar = await signedIn(sessions);
    const before = jar.copy();
    await request(sessions, jar, (s) => s.elevate({ acr: "sudo", amr: ["pwd", "otp"] }));
    await request(sessions, jar);
    const elsewhere = jar.copy();
    const { state, cookies } = await request(sessions, jar, (s) => s.elevate({ acr: "normal", lower: true, reauthenticated: true }));
    expect(state).toMatchObject({ acr: "normal", amr: ["pwd", "otp"] });
    expect(cookies).toEqual([]);
    for (const holder of [jar, elsewhere]) expect((await sessions.open(holder.headers())).state).toMatchObject({ kind: "active", acr: "normal", amr: ["pwd", "otp"] });
    expect((await sessions.open(before.headers())).state).toMatchObject({ kind: "none" });
  });

  it("[A13] that lower the rights make nothing fresh, and also reach a step-up whose credential was not used yet", async () => {
    const { sessions, clock } = world();
    const jar = await signedIn(sessions);
    const { authenticatedAt } = (await sessions.open(jar.headers())).state as { authenticatedAt?: number };
    clock.advance(MINUTE);
    const leaving = await sessions.open(jar.headers());
    const stepUp = await request(sessions, jar.copy(), (s) => s.elevate({ acr: "sudo" }));
    leaving.elevate({ acr: "normal", lower: true, reauthenticated: true });
    expect((await leaving.commit()).state).toMatchObject({ acr: "normal", authenticatedAt });
    expect((await request(sessions, jar.take(stepUp.cookies))).state).toMatchObject({ kind: "active", acr: "normal", authenticatedAt });
  });

  it("that step up and then lower in one request leave the lower rights", async () => {
    const { sessions } = world();
    const jar = await signedIn(sessions);
    const { state } = await request(sessions, jar, (s) => {
      s.elevate({ acr: "sudo", amr: ["otp"] });
      s.elevate({ acr: "normal", lower: true });
    });
    expect(state).toMatchObject({ acr: "normal", amr: ["otp"] });
    expect((await request(sessions, jar)).state).toMatchObject({ kind: "active", acr: "normal", amr: ["otp"] });
  });
});
