import { describe, expect, it } from "vitest";
import { createSessions, type KeyRingFile, type Sessions } from "../src/index.ts";
import { createMemoryStore } from "../src/memory.ts";
import { type Data, INITIAL, Jar, KEYS, keyOf, MINUTE, request, signedIn, testClock, world } from "./support.ts";

describe("keys are exchanged without a sign-out", () => {
  it("[G01] next, active, retired, gone: two servers a roll-out apart, no request fails; a removed key fails closed", async () => {
    const clock = testClock();
    const store = createMemoryStore({ clock });
    const ring = (...keys: KeyRingFile["keys"]): Sessions<Data> => createSessions<Data>({ store, clock, initial: INITIAL, keys: { subjectKey: KEYS.subjectKey, keys } });
    const stages = [
      ring(keyOf(1, "active")),
      ring(keyOf(1, "active"), keyOf(2, "next")),
      ring(keyOf(1, "retired"), keyOf(2, "active")),
      ring(keyOf(2, "active")),
    ];
    const jar = await signedIn(stages[0] as Sessions<Data>);
    const kept = jar.copy();
    // Which two servers answer in turn. The last key goes when every credential has moved to the new one.
    for (const [one, two] of [[0, 1], [1, 2], [2, 2], [3, 3]] as const) {
      for (let i = 0; i < 12; i++) {
        clock.advance(MINUTE);
        expect((await request(stages[i % 2 === 0 ? one : two] as Sessions<Data>, jar)).state.kind, `servers ${one} and ${two}, request ${i}`).toBe("active");
      }
    }
    const refused = await (stages[3] as Sessions<Data>).open(kept.headers());
    expect(refused.state).toEqual({ kind: "none", refused: "indeterminate" });
  });

  it("[H14] a used credential is known as such until the session's absolute end, in a store that has been full of guests since, and nothing is stored for it", async () => {
    const clock = testClock();
    const events: string[] = [];
    const store = createMemoryStore({ clock, maxSessions: 50 });
    const sessions = createSessions<Data>({ store, clock, keys: KEYS, initial: INITIAL, onEvent: ({ type }) => void events.push(type) });
    const jar = await signedIn(sessions);
    const first = jar.copy();
    for (let minute = 0; minute < 475; minute += 5) {
      clock.advance(5 * MINUTE);
      expect((await request(sessions, jar)).state.kind).toBe("active");
      // Each wants room.
      for (let guest = 0; guest < 3; guest++) await request(sessions, new Jar(), (s) => s.update((data) => data));
    }
    expect(jar.header).not.toBe(first.header);
    await request(sessions, first);
    expect(events.filter((type) => type === "session_reuse_detected")).toHaveLength(1);
    expect((await request(sessions, jar)).state).toEqual({ kind: "none", ended: "reuse" });
  });

  it("subjects keep their partition and sessions their handle", async () => {
    const one = world({ keys: { ...KEYS, keys: [keyOf(1, "active")] } });
    const jar = await signedIn(one.sessions);
    const before = (await request(one.sessions, jar)).state;
    const two = createSessions<Data>({ store: one.store, clock: one.clock, initial: INITIAL, keys: { ...KEYS, keys: [keyOf(1, "retired"), keyOf(2, "active")] } });
    const after = (await request(two, jar)).state;
    expect(after.kind === "active" && before.kind === "active" && [after.id, after.handle]).toEqual(before.kind === "active" && [before.id, before.handle]);
    expect(await two.list("ada")).toHaveLength(1);
  });
});

describe("a change of password", () => {
  it("[D06] [H09] rotates this credential and ends all other sessions, bearer ones too", async () => {
    const { sessions, clock } = world();
    const [mine, other] = [await signedIn(sessions), await signedIn(sessions)];
    const { credential } = await sessions.issue("ada");
    const old = mine.copy();
    clock.advance(MINUTE);
    const session = await sessions.open(mine.headers());
    const { state } = session;
    if (state.kind !== "active") return expect.unreachable();
    await sessions.revokeAll(state.subject, { except: state.id });
    session.elevate({ reauthenticated: true });
    mine.take((await session.commit()).cookies);
    expect((await request(sessions, mine)).state.kind).toBe("active");
    expect((await request(sessions, old)).state.kind).toBe("none");
    expect((await request(sessions, other)).state).toEqual({ kind: "none", ended: "revoked" });
    expect((await sessions.open(new Headers({ authorization: `Bearer ${credential.reveal()}` }))).state).toEqual({ kind: "none", ended: "revoked" });
  });
});

describe("refresh", () => {
  it("[H06] a credential that nobody uses lapses with the idle limit; refreshing alone does not keep it", async () => {
    const { sessions, clock } = world();
    let { credential } = await sessions.issue("ada");
    for (let i = 0; i < 5; i++) {
      clock.advance(5 * MINUTE);
      const session = await sessions.open(new Headers({ authorization: `Bearer ${credential.reveal()}`, "session-activity": "none" }));
      session.renew();
      credential = (await session.commit()).credential ?? credential;
    }
    clock.advance(5 * MINUTE);
    expect((await sessions.open(new Headers({ authorization: `Bearer ${credential.reveal()}` }))).state).toEqual({ kind: "none", ended: "idle" });
  });

  it("[H07] a refreshed credential is of the same session, subject and rights", async () => {
    const { sessions, clock } = world();
    const issued = await sessions.issue("ada", {}, { acr: "low" });
    clock.advance(2 * MINUTE);
    const session = await sessions.open(new Headers({ authorization: `Bearer ${issued.credential.reveal()}` }));
    session.renew();
    const credential = (await session.commit()).credential?.reveal() ?? "";
    expect(credential).not.toBe(issued.credential.reveal());
    const { state } = await sessions.open(new Headers({ authorization: `Bearer ${credential}` }));
    expect(state).toMatchObject({ kind: "active", id: issued.state.id, subject: "ada", acr: "low" });
  });
});
