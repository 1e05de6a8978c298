import { describe, expect, it } from "vitest";
import { createSessions, type SessionEvent } from "../src/index.ts";
import { type Data, Jar, keyOf, KEYS, request, signedIn, world } from "./support.ts";

const NAME = "__Host-sid-a";
/** The cookies of these jars as if all were of one name. */
const ofOneName = (...jars: Jar[]): string => jars.flatMap((jar) => [...jar.cookies.values()].map((value) => `${NAME}=${value}`)).join("; ");
const logouts = (events: readonly SessionEvent[]): readonly unknown[] => events.filter(({ type }) => type === "session_logout").map(({ handle }) => handle);

describe("a sign-out ends every session whose credential came with it", () => {
  it("[D01] [B15] cookies of one name are believed for nothing else: what is forged among them is passed over, and all are cleared", async () => {
    const { sessions, store, events } = world();
    const [mine, planted] = [await signedIn(sessions), await signedIn(sessions, "eve")];
    const handles = await Promise.all([mine, planted].map(async (jar) => (await request(sessions, jar)).state));
    const cookie = `${NAME}=${"A".repeat(96)}; ${NAME}=x; ${ofOneName(mine, planted, mine)}`;
    store.calls.length = 0;
    const session = await sessions.open(new Headers({ cookie }));
    expect([session.state, store.calls]).toEqual([{ kind: "none" }, []]);
    session.end();
    const { state, cookies } = await session.commit();
    expect(state).toEqual({ kind: "none", ended: "logout" });
    expect(cookies.map(({ header }) => header.startsWith("__Host-sid-") && header.includes("=; "))).not.toContain(false);
    expect(cookies.map(({ name }) => name)).toContain(NAME);
    for (const jar of [mine, planted]) expect((await request(sessions, jar)).state).toEqual({ kind: "none", ended: "logout" });
    expect(logouts(events)).toEqual(handles.map((live) => live.kind === "active" && live.handle));
  });

  it("[D01] also of another name than the one that counts", async () => {
    const { sessions, clock, events } = world();
    const jar = new Jar();
    // A form that was sent twice: both answers bring a session.
    const twins = [new Jar(), new Jar()];
    for (const twin of twins) {
      await request(sessions, twin, (s) => s.start("ada"));
      clock.advance(1);
      for (const [name, value] of twin.cookies) jar.cookies.set(name, value);
    }
    expect(jar.cookies.size).toBe(2);
    expect(await sessions.list("ada")).toHaveLength(2);
    await request(sessions, jar, (s) => s.end());
    expect(jar.cookies.size).toBe(0);
    expect(await sessions.list("ada")).toEqual([]);
    expect(logouts(events)).toHaveLength(2);
  });

  it("four at most, and none for credentials that are nobody's", async () => {
    const { sessions, store } = world();
    const jars = await Promise.all(Array.from({ length: 6 }, (_, i) => signedIn(sessions, `user ${i}`)));
    const out = async (cookie: string): Promise<void> => {
      const session = await sessions.open(new Headers({ cookie }));
      session.end();
      store.calls.length = 0;
      await session.commit();
    };
    await out(ofOneName(...jars));
    expect(await Promise.all(jars.map(async (jar) => (await request(sessions, jar)).state.kind))).toEqual(["none", "none", "none", "none", "active", "active"]);
    await out(`${NAME}=${"A".repeat(96)}; ${NAME}=${"B".repeat(96)}`);
    expect(store.calls).toEqual([]);
  });

  it("a credential that was replaced ends nothing of the session that goes on", async () => {
    const { sessions } = world();
    const jar = await signedIn(sessions);
    const before = jar.copy();
    await request(sessions, jar, (s) => s.elevate({ acr: "high", reauthenticated: true }));
    await request(sessions, jar);
    const other = await signedIn(sessions, "bob");
    const session = await sessions.open(new Headers({ cookie: ofOneName(before, other) }));
    session.end();
    await session.commit();
    expect((await request(sessions, other)).state.kind).toBe("none");
    expect((await request(sessions, jar)).state).toMatchObject({ kind: "active", acr: "high" });
  });

  it("nor does one beside a credential of a key that nobody knows, which anybody can make up", async () => {
    const { sessions, store, clock } = world();
    const jar = await signedIn(sessions);
    const before = jar.copy();
    await request(sessions, jar, (s) => s.elevate({ acr: "high", reauthenticated: true }));
    await request(sessions, jar);
    clock.advance(1);
    const elsewhere = createSessions<Data>({ store, clock, keys: { ...KEYS, keys: [keyOf(9, "active")] } });
    for (const [name, value] of (await signedIn(elsewhere as never)).cookies) before.cookies.set(name, value);
    expect(before.cookies.size).toBe(2);
    await request(sessions, before, (s) => s.end());
    expect((await request(sessions, jar)).state).toMatchObject({ kind: "active", acr: "high" });
  });
});
