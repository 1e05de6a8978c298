import { describe, expect, it } from "vitest";
import { type Data, HOUR, Jar, MINUTE, request, signedIn, type World, world } from "./support.ts";

const add = (item: string) => (data: Data): Data => ({ ...data, cart: [...data.cart, item] });

/** A jar with a guest's cookie beside the one of a sign-in that did not see it. */
async function guestBesideSignIn({ sessions }: World): Promise<Jar> {
  const jar = await signedIn(sessions);
  const guest = new Jar();
  await request(sessions, guest, (s) => s.update(add("rope")));
  for (const [name, value] of guest.cookies) jar.cookies.set(name, value);
  return jar;
}

describe("answers and requests that come late (each found by the simulator)", () => {
  it("[A09] a request from before a second sign-in is told to retry, and is not answered with the guest's session beside it", async () => {
    const shop = world();
    const jar = await guestBesideSignIn(shop);
    const late = jar.copy();
    await request(shop.sessions, jar, (s) => s.start("ada"));
    const { state, cookies } = await request(shop.sessions, late);
    expect(state).toEqual({ kind: "none", refused: "superseded" });
    expect(cookies).toEqual([]);
  });

  it("a straggler beside the cookie of a session that is over is told to retry, and not that its user signed out", async () => {
    const shop = world();
    const jar = await signedIn(shop.sessions);
    shop.clock.advance(1);
    // A late answer of the session before put its cookie back; its chain happens to be later.
    const over = await signedIn(shop.sessions);
    await request(shop.sessions, over.copy(), (s) => s.end());
    for (const [name, value] of over.cookies) jar.cookies.set(name, value);
    const straggler = jar.copy();
    await request(shop.sessions, jar, (s) => s.elevate({ acr: "high" }));
    expect((await request(shop.sessions, jar)).state).toMatchObject({ kind: "active", acr: "high" });
    expect((await request(shop.sessions, straggler)).state).toEqual({ kind: "none", refused: "superseded" });
  });

  it("a credential that lost to a later one of the same jar gets no renewal: its name may be a sign-in's by now", async () => {
    const shop = world();
    const jar = await guestBesideSignIn(shop);
    await shop.sessions.revokeAll("ada");
    shop.clock.advance(HOUR);
    const { state, cookies } = await request(shop.sessions, jar);
    expect(state.kind).toBe("guest");
    expect(cookies).toEqual([]);
  });

  it("[D01] a sign-out that lost to a sign-in of the same browser says so and clears no cookie", async () => {
    const { sessions } = world();
    const jar = await signedIn(sessions);
    const leaving = await sessions.open(jar.headers());
    await request(sessions, jar, (s) => s.start("ada"));
    leaving.end();
    await expect(leaving.commit()).rejects.toMatchObject({ code: "no_session", reason: "superseded" });
    expect((await request(sessions, jar)).state.kind).toBe("active");
  });

  it("[A09] an elevation of a request from before another one was used is told to retry: its credential would take the cookie of the next", async () => {
    const { sessions } = world();
    const jar = await signedIn(sessions);
    const slow = await sessions.open(jar.headers());
    slow.elevate({ acr: "high" });
    await request(sessions, jar, (s) => s.elevate({ acr: "high" }));
    const next = await sessions.open(jar.headers());
    next.elevate({ acr: "higher" });
    const elevated = await next.commit();
    await expect(slow.commit()).rejects.toMatchObject({ code: "no_session", reason: "superseded" });
    expect((await request(sessions, jar.take(elevated.cookies))).state).toMatchObject({ kind: "active", acr: "higher" });
  });

  it("an elevation behind one that nobody used takes a name of its own: the late answer of the first cannot undo it", async () => {
    const { sessions, clock } = world();
    const jar = await signedIn(sessions);
    await request(sessions, jar.copy(), (s) => s.elevate({ acr: "lost" }));
    clock.advance(HOUR / 4);
    await request(sessions, jar);
    await request(sessions, jar);
    clock.advance(HOUR / 4);
    const slow = await sessions.open(jar.headers());
    slow.elevate({ acr: "first" });
    const first = await slow.commit();
    await request(sessions, jar);
    await request(sessions, jar, (s) => s.elevate({ acr: "second" }));
    await request(sessions, jar);
    jar.take(first.cookies);
    expect((await request(sessions, jar)).state).toMatchObject({ kind: "active", acr: "second" });
    expect(jar.cookies.size).toBe(1);
  });

  it("an elevation and a sign-in at once, answered in either order, leave the sign-in", async () => {
    for (const order of ["elevation last", "sign-in last"]) {
      const { sessions } = world();
      const jar = await signedIn(sessions);
      const elevating = await sessions.open(jar.headers());
      elevating.elevate({ acr: "high", reauthenticated: true });
      const elevated = await elevating.commit();
      const signingIn = await sessions.open(jar.headers());
      signingIn.start("ada");
      const started = await signingIn.commit();
      for (const { cookies } of order === "elevation last" ? [started, elevated] : [elevated, started]) jar.take(cookies);
      const { state } = await request(sessions, jar);
      expect(state, order).toMatchObject({ kind: "active", id: started.state.kind === "active" ? started.state.id : "" });
    }
  });

  it("a sign-in with a slow handler keeps its cookie, whatever six elevations meanwhile are answered late", async () => {
    const { sessions } = world();
    const jar = await signedIn(sessions);
    const signingIn = await sessions.open(jar.headers());
    for (let i = 1; i < 6; i++) await request(sessions, jar, (s) => s.elevate({ acr: `level-${i}` }));
    const last = await sessions.open(jar.headers());
    last.elevate({ acr: "last" });
    const elevated = await last.commit();
    signingIn.start("ada");
    const started = await signingIn.commit();
    jar.take(started.cookies).take(elevated.cookies);
    expect((await request(sessions, jar)).state).toMatchObject({ kind: "active", id: started.state.kind === "active" ? started.state.id : "" });
  });

  it("what an elevation left behind is cleared by the next answer, which a late renewal cannot undo for long", async () => {
    const { sessions, clock } = world();
    const jar = await signedIn(sessions);
    clock.advance(11 * MINUTE);
    const renewed = await request(sessions, jar.copy());
    await request(sessions, jar, (s) => s.elevate({ acr: "high", reauthenticated: true }));
    jar.take(renewed.cookies);
    expect(jar.cookies.size).toBe(2);
    const { state } = await request(sessions, jar);
    expect(state).toMatchObject({ kind: "active", acr: "high" });
    expect(jar.cookies.size).toBe(1);
    expect((await request(sessions, jar)).state).toMatchObject({ kind: "active", acr: "high" });
  });

  it("what a jar holds of a sign-in that counted from elsewhere is not cleared by an answer: its name may be the next sign-in's", async () => {
    const { sessions, clock } = world();
    const elsewhere = await signedIn(sessions);
    const [[name = ""] = []] = elsewhere.cookies;
    let met = 0;
    // A sign-in that knows of none before begins to count anywhere: each millisecond elsewhere.
    for (let i = 0; i < 224; i++) {
      clock.advance(1);
      const jar = await signedIn(sessions, "bob");
      for (const [other, value] of elsewhere.cookies) if (!jar.cookies.has(other)) jar.cookies.set(other, value);
      const slow = await sessions.open(jar.headers());
      if (slow.state.kind !== "active" || slow.state.subject !== "bob") continue;
      const started = await request(sessions, jar, (s) => s.start("bob"));
      if (started.cookies.some((cookie) => cookie.name === name && cookie.value !== "")) met += 1;
      jar.take((await slow.commit()).cookies);
      expect((await request(sessions, jar)).state).toEqual(expect.objectContaining({ kind: "active", subject: "bob" }));
    }
    expect(met).toBeGreaterThan(0);
  });

  it("[H03] after a fail-over to an older copy, a writer that read before it undoes nothing that was acknowledged since", async () => {
    const { sessions, store } = world();
    const jar = await signedIn(sessions);
    const [{ id } = { id: "" as never }] = await sessions.list("ada");
    const older = await store.read(id);
    if (!older) return expect.unreachable();
    await request(sessions, jar, (s) => s.update(add("lost by the fail-over")));
    const slow = await sessions.open(jar.headers());
    await store.delete(id);
    await store.create(older, { began: older.createdAt });
    await request(sessions, jar, (s) => s.update(add("after")));
    slow.update(add("slow"));
    await slow.commit();
    expect((await sessions.get(id))?.data.cart).toEqual(["after", "slow"]);
  });

  it("[H03] a handler that outlives two renewals still writes, and is not taken for a thief", async () => {
    const { sessions, clock, events } = world();
    const jar = await signedIn(sessions);
    const upload = await sessions.open(jar.headers());
    for (let renewal = 0; renewal < 2; renewal++) {
      clock.advance(11 * MINUTE);
      await request(sessions, jar);
      await request(sessions, jar);
    }
    upload.update(add("a large file"));
    const { cookies, state } = await upload.commit();
    expect(state).toMatchObject({ kind: "active", data: { cart: ["a large file"] } });
    expect(cookies).toEqual([]);
    expect((await request(sessions, jar)).state).toMatchObject({ kind: "active", data: { cart: ["a large file"] } });
    expect(events.map(({ type }) => type)).not.toContain("session_reuse_detected");
  });

  it("[D01] a handler that outlives the session writes nothing", async () => {
    const { sessions, clock } = world();
    const jar = await signedIn(sessions);
    const upload = await sessions.open(jar.headers());
    clock.advance(11 * MINUTE);
    await request(sessions, jar, (s) => s.end());
    upload.update(add("a large file"));
    await expect(upload.commit()).rejects.toMatchObject({ code: "no_session" });
  });

  it("[H04] a handler that takes longer than half the overlap answers without a renewal, the next one with it", async () => {
    const { sessions, clock } = world();
    const jar = await signedIn(sessions);
    clock.advance(11 * MINUTE);
    const slow = await sessions.open(jar.headers());
    clock.advance(MINUTE / 2 + 1);
    expect((await slow.commit()).cookies).toEqual([]);
    expect((await request(sessions, jar)).cookies).toHaveLength(1);
  });

  it("an elevation that lost a race and was then sent twice hands out the credential that was written", async () => {
    const { sessions, store } = world();
    const jar = await signedIn(sessions);
    const session = await sessions.open(jar.headers());
    await request(sessions, jar.copy(), (s) => s.update(add("first")));
    session.elevate({ acr: "high", reauthenticated: true });
    const { update } = store;
    let calls = 0;
    store.update = async (...call) => {
      const word = await update(...call);
      return ++calls === 2 ? update(...call) : word;
    };
    jar.take((await session.commit()).cookies);
    expect(calls).toBe(2);
    expect((await request(sessions, jar)).state).toMatchObject({ kind: "active", acr: "high", data: { cart: ["first"] } });
  });
});
