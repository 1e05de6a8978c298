import { describe, expect, it } from "vitest";
import { createMemoryStore } from "../../src/memory.ts";
import { codeOf, HOUR, Jar, MINUTE, request, signedIn, spyStore, testClock } from "../support.ts";
import { sealedWorld } from "./support.ts";

/** Two servers that share what was revoked. */
function servers(options: Parameters<typeof sealedWorld>[0] = {}) {
  const clock = testClock();
  const store = spyStore(createMemoryStore({ clock }));
  const one = () => sealedWorld({ clock, ...options, sealed: { revocations: { store, within: 5000 } } });
  const [here, there] = [one(), one()];
  return { clock, store, here: here.sessions, there: there.sessions, events: here.events };
}

describe("sealed sessions with revocations", () => {
  it("[G10] without them a copied cookie outlives the sign-out until its deadline", async () => {
    const { sessions, clock } = sealedWorld();
    const jar = await signedIn(sessions);
    const copy = jar.copy();
    await request(sessions, jar, (s) => s.end());
    expect([jar.cookies.size, (await request(sessions, copy.copy())).state.kind]).toEqual([0, "active"]);
    clock.advance(30 * MINUTE);
    expect((await request(sessions, copy)).state).toEqual({ kind: "none", ended: "idle" });
  });

  it("[G10] [D01] with them it is over at once here, and within the bound elsewhere", async () => {
    const { here, there, clock } = servers();
    const jar = await signedIn(here);
    const copy = jar.copy();
    await request(there, copy.copy());
    await request(here, jar, (s) => s.end());
    expect((await request(here, copy.copy())).state).toEqual({ kind: "none", ended: "logout" });
    clock.advance(4999);
    expect((await request(there, copy.copy())).state.kind).toBe("active");
    // What must not happen in a session that was revoked a moment ago asks.
    expect(await (await there.open(copy.headers())).load({ authoritative: true })).toEqual({ kind: "none", ended: "logout" });
    clock.advance(1);
    expect((await request(there, copy.copy())).state).toEqual({ kind: "none", ended: "logout" });
  });

  it("[D05] revoke ends one, revokeAll all but one, revokeEverything all; what begins afterwards lives", async () => {
    const { here, there, clock, events } = servers();
    const jars = [await signedIn(here), await signedIn(here), await signedIn(here), await signedIn(here, "bob")];
    const guest = new Jar();
    await request(here, guest, (s) => s.update((d) => ({ ...d, cart: ["rope"] })));
    const ids = await Promise.all(jars.map(async (jar) => (await here.open(jar.headers())).presentedIds[0] ?? expect.unreachable()));
    const kinds = async (sessions = there): Promise<string> => (await Promise.all([...jars, guest].map(async (jar) => (await sessions.open(jar.headers())).state.kind[0]))).join("");
    expect([await kinds(here), await kinds()]).toEqual(["aaaag", "aaaag"]);
    await here.revoke(ids[0] ?? expect.unreachable());
    await here.revoke("none" as never);
    expect(await codeOf(() => here.revoke(ids[0] as never, "because" as never))).toBe("config");
    clock.advance(5000);
    expect([await kinds(here), await kinds()]).toEqual(["naaag", "naaag"]);
    clock.advance(1);
    const { notBefore, ended } = await here.revokeAll("ada", { except: ids[1] ?? expect.unreachable() });
    expect([notBefore, ended, here.endsAll]).toEqual([clock.now(), 0, true]);
    expect(await kinds(here)).toBe("nanag");
    clock.advance(5000);
    expect(await kinds()).toBe("nanag");
    // Spared from this one, and not from the one before.
    clock.advance(1);
    await here.revokeAll("ada", { except: ids[2] ?? expect.unreachable() });
    expect(await kinds(here)).toBe("nnnag");
    clock.advance(1);
    const late = await signedIn(here);
    expect((await request(here, late)).state.kind).toBe("active");
    await here.revokeEverything();
    expect(await kinds(here)).toBe("nnnnn");
    clock.advance(5000);
    expect(await kinds()).toBe("nnnnn");
    const after = await signedIn(there);
    expect((await request(here, after)).state.kind).toBe("active");
    expect(events.filter(({ type }) => type === "session_revoked" || type === "everything_revoked")).toHaveLength(4);
  });

  it("[D05] [D06] a sign-in that began before is refused, and revokeOthers spares its own", async () => {
    const { here, there, clock, events } = servers();
    const began = clock.now();
    clock.advance(1000);
    await there.revokeAll("ada");
    expect(await codeOf(() => request(here, new Jar(), (s) => s.start("ada", {}, { authenticatedAt: began })))).toBe("sign_in_revoked");
    clock.advance(1);
    const old = await signedIn(here);
    clock.advance(1);
    const jar = new Jar();
    await request(here, jar, (s) => s.start("ada", {}, { revokeOthers: true }));
    expect(events.filter(({ type }) => type === "session_revoked")).toEqual([{ at: clock.now(), type: "session_revoked", reason: "revoked", count: 0 }]);
    expect([(await request(here, old)).state, (await request(here, jar)).state.kind]).toEqual([{ kind: "none", ended: "revoked" }, "active"]);
    await there.revokeEverything();
    expect(await codeOf(() => request(there, new Jar(), (s) => s.start("ada", {}, { authenticatedAt: began })))).toBe("sign_in_revoked");
  });

  it("[A06] a sign-in ends the guest in whose place it is, and weaker rights end the cookie that has more", async () => {
    const { here, there, clock } = servers();
    const jar = new Jar();
    await request(here, jar, (s) => s.update((d) => ({ ...d, cart: ["rope"] })));
    const guest = jar.copy();
    await request(here, jar, (s) => s.start("ada", {}, { carry: ["cart"] }));
    expect((await request(there, guest)).state).toEqual({ kind: "none", refused: "superseded" });
    await request(here, jar, (s) => s.elevate({ acr: "admin" }));
    await request(here, jar);
    const admin = jar.copy();
    const { state } = await request(here, jar, (s) => s.elevate({ acr: "user", lower: true }));
    expect(state).toMatchObject({ acr: "user" });
    expect((await request(there, admin)).state).toEqual({ kind: "none", refused: "superseded" });
    expect((await request(there, jar)).state).toMatchObject({ kind: "active", acr: "user", data: { cart: ["rope"] } });
    clock.advance(HOUR / 4);
    expect((await request(there, jar)).cookies).toHaveLength(1);
  });

  it("[B15] cookies that came twice are believed for nothing but a sign-out, which ends every session among them and clears every piece", async () => {
    const { here, there } = servers();
    const large = new Jar();
    await request(here, large, (s) => s.start("ada", { cart: ["x".repeat(3000)] }));
    const [small, planted] = [await signedIn(here), await signedIn(here, "eve")];
    const [name = ""] = large.cookies.keys();
    expect([...large.cookies.keys()]).toEqual([name, `${name}.1`]);
    const cookie = [`${name}=forged~`, `${name}.1=${"A".repeat(8)}2~x`, large.header, ...[large, small, planted].map((jar) => jar.header)].join("; ");
    const session = await here.open(new Headers({ cookie }));
    expect(session.state).toEqual({ kind: "none" });
    session.end();
    const { cookies } = await session.commit();
    expect(cookies.map(({ header }) => header.slice(0, header.indexOf(";"))).toSorted()).toEqual([...new Set([large, small, planted].flatMap((jar) => [...jar.cookies.keys()]))].map((name) => `${name}=`).toSorted());
    for (const jar of [large, small, planted]) expect((await request(there, jar)).state).toEqual({ kind: "none", ended: "logout" });
  });

  it("[D05] the bound of revokeEverything is that of the others, and 5 s at most", async () => {
    for (const [within, bound] of [[0, 0], [1000, 1000], [5000, 5000], [60_000, 5000]] as const) {
      const clock = testClock();
      const store = createMemoryStore({ clock });
      const [here, there] = [0, 1].map(() => sealedWorld({ clock, sealed: { revocations: { store, within } } }).sessions);
      if (!here || !there) throw new Error("no servers");
      const jar = await signedIn(there);
      await request(there, jar);
      await here.revokeEverything();
      // In the last fifth it asks beside the request.
      if (bound > 0) clock.advance(0.8 * bound - 1);
      expect([within, (await request(there, jar.copy())).state.kind]).toEqual([within, bound === 0 ? "none" : "active"]);
      clock.advance(0.2 * bound + 1);
      expect([within, (await request(there, jar.copy())).state]).toEqual([within, { kind: "none", ended: "revoked" }]);
    }
  });

  it("the store is asked once per session in the bound, and for nothing else", async () => {
    const { here, store, clock } = servers();
    const jar = await signedIn(here);
    store.calls.length = store.epochs.length = 0;
    for (let second = 0; second < 20; second++) {
      for (let i = 0; i < 10; i++) await request(here, jar);
      clock.advance(1000);
    }
    // Two marks, that of the session and that of its subject, which the sign-in has just asked for, and the epoch.
    expect([store.calls, store.epochs.length]).toEqual([Array.from({ length: 7 }, () => "read"), 4]);
    store.calls.length = 0;
    await request(here, new Jar());
    await here.open(new Headers({ cookie: "__Host-sid-a=forged" }));
    expect(store.calls).toEqual([]);
  });

  it("[J04] a store that is down is `unavailable`: nobody is signed out, nobody gets in on what is older than the bound", async () => {
    const { here, store, clock } = servers();
    const jar = await signedIn(here);
    await request(here, jar);
    store.fail = () => new Error("down");
    expect((await request(here, jar)).state.kind).toBe("active");
    clock.advance(5000);
    for (const work of [() => here.open(jar.headers()), () => here.revokeAll("ada"), () => here.revokeEverything(), () => signedIn(here)]) expect(await codeOf(work)).toBe("unavailable");
    store.fail = () => undefined;
    const session = await here.open(jar.headers());
    store.fail = () => new Error("down");
    session.end();
    expect(await codeOf(() => session.commit())).toBe("unavailable");
    store.fail = () => undefined;
    expect((await request(here, jar)).state.kind).toBe("active");
  });

  it("an answer that was asked for before one's own write does not undo it", async () => {
    const { store, clock } = servers();
    // The next read is answered with what was there when it was asked, and only once it is let go.
    let hold: Promise<void> | undefined;
    const slow = new Proxy(store, {
      get: (target, name) => (name !== "read" ? Reflect.get(target, name) : async (...args: Parameters<typeof store.read>) => {
        const held = hold;
        hold = undefined;
        const row = await store.read(...args);
        await held;
        return row;
      }),
    });
    const { sessions } = sealedWorld({ clock, sealed: { revocations: { store: slow } } });
    const jar = await signedIn(sessions);
    const id = (await sessions.open(jar.headers())).presentedIds[0] ?? expect.unreachable();
    clock.advance(5000);
    await sessions.open(new Headers());
    await sessions.revokeAll("bob");
    let letGo = (): void => undefined;
    // The epoch is asked for first.
    await (await sessions.open((await signedIn(sessions, "eve")).headers())).load();
    hold = new Promise((resolve) => void (letGo = resolve));
    const late = sessions.open(jar.headers());
    await new Promise(setImmediate);
    await sessions.revoke(id);
    letGo();
    await late;
    expect((await request(sessions, jar)).state).toEqual({ kind: "none", ended: "revoked" });
  });

  it("more sessions than are remembered are asked for again, not let in", async () => {
    const { here, there, clock } = servers();
    const jar = await signedIn(here);
    await request(here, jar);
    await there.revokeAll("ada");
    for (let i = 0; i < 10_001; i++) await here.revoke(`${i}`.padStart(24, "A") as never);
    for (let i = 0; i < 10_001; i++) await here.revoke(`${i}`.padStart(24, "B") as never);
    expect(clock.now()).toBe(testClock().now());
    expect((await request(here, jar)).state).toEqual({ kind: "none", ended: "revoked" });
  });
});
