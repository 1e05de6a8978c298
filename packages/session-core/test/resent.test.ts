import { describe, expect, it } from "vitest";
import { createMemoryStore } from "../src/memory.ts";
import type { SessionEvent } from "../src/index.ts";
import type { IndexedStore } from "../src/store.ts";
import { type Data, HOUR, request, signedIn, testClock, type World, world } from "./support.ts";

const add = (item: string) => (data: Data): Data => ({ ...data, cart: [...data.cart, item] });

type Verb = "create" | "update" | "end" | "endAll";

/** A store behind a driver that sends its next `verb` twice: the first answer was lost. ioredis does so by default, node-redis through Sentinel. */
function resending(verb: Verb = "update", between: (store: IndexedStore) => Promise<unknown> = async () => undefined): World & { arm(): void; told(type: SessionEvent["type"]): SessionEvent[] } {
  const clock = testClock();
  const memory = createMemoryStore({ clock });
  const call = memory[verb] as (...args: unknown[]) => Promise<unknown>;
  let armed = false;
  const twice = async (...args: unknown[]): Promise<unknown> => {
    const first = await call(...args);
    if (!armed) return first;
    armed = false;
    await between(memory);
    return call(...args);
  };
  const it = world({ clock, store: { ...memory, [verb]: twice } as IndexedStore, policy: { resume: true, concurrent: { max: 2, whenFull: "evict-oldest" } } });
  return { ...it, arm: () => void (armed = true), told: (type) => it.events.filter((event) => event.type === type) };
}

describe("a driver that sends an update again and hears a conflict with itself", () => {
  it("[H03] applies it once", async () => {
    const { sessions, arm } = resending();
    const jar = await signedIn(sessions);
    arm();
    const { state } = await request(sessions, jar, (s) => s.update(add("rope")));
    expect(state).toMatchObject({ data: { cart: ["rope"] } });
    expect((await request(sessions, jar)).state).toMatchObject({ data: { cart: ["rope"] } });
  });

  it("[H03] applies it once outside a request, too", async () => {
    const { sessions, arm } = resending();
    const { state } = await sessions.issue("ada");
    arm();
    await sessions.update(state.id, add("rope"));
    expect((await sessions.get(state.id))?.data.cart).toEqual(["rope"]);
  });

  it("[H03] applies it once when three others wrote in between", async () => {
    const others: (() => Promise<unknown>)[] = [];
    const { sessions, arm } = resending("update", async () => {
      for (const other of others) await other();
    });
    const jar = await signedIn(sessions);
    for (const item of ["a", "b", "c"]) others.push(() => request(sessions, jar.copy(), (s) => s.update(add(item))));
    arm();
    await request(sessions, jar, (s) => s.update(add("rope")));
    expect((await request(sessions, jar)).state).toMatchObject({ data: { cart: ["rope", "a", "b", "c"] } });
  });

  it("gives one elevated credential", async () => {
    const { sessions, arm } = resending();
    const jar = await signedIn(sessions);
    arm();
    await request(sessions, jar, (s) => s.elevate({ acr: "high", reauthenticated: true }));
    expect((await request(sessions, jar)).state).toMatchObject({ kind: "active", acr: "high" });
  });
});

describe("[D02] a driver that sends the end of a session again, and hears that there is none", () => {
  it("a sign-out is told", async () => {
    const { sessions, arm, told } = resending("end");
    const jar = await signedIn(sessions);
    arm();
    await request(sessions, jar, (s) => s.end());
    expect(told("session_logout")).toHaveLength(1);
  });

  it("a revocation is told, and one of a session that was over is not", async () => {
    const { sessions, arm, told } = resending("end");
    const { state } = await sessions.issue("ada");
    arm();
    await sessions.revoke(state.id);
    expect(told("session_revoked")).toEqual([expect.objectContaining({ handle: state.handle, count: 1 })]);
    arm();
    await sessions.revoke(state.id);
    expect(told("session_revoked")).toHaveLength(1);
  });

  it("the holder of a session that idled out resumes it all the same", async () => {
    const { sessions, arm, clock } = resending("end");
    const jar = await signedIn(sessions);
    clock.advance(3 * HOUR);
    expect((await request(sessions, jar)).state).toMatchObject({ kind: "none", ended: "idle" });
    arm();
    const { state } = await request(sessions, jar, (s) => s.start("ada", {}, { resume: true }));
    expect(state).toMatchObject({ kind: "active", subject: "ada" });
  });

  it("those who made room for a sign-in are told, and nobody else", async () => {
    const { sessions, arm, told, clock } = resending("create");
    const issued = [];
    for (let i = 0; i < 3; i++) {
      issued.push(await sessions.issue("ada"));
      clock.advance(1);
    }
    expect(told("excess_sessions_exceeded")).toHaveLength(1);
    arm();
    await sessions.issue("ada");
    expect(told("excess_sessions_exceeded").slice(1)).toEqual([expect.objectContaining({ action: "evict-oldest", count: 1, handles: [issued[1]?.state.handle] })]);
    expect(await sessions.list("ada")).toHaveLength(2);
  });

  it("of a revocation of all everybody is told whom it ended, and nobody else", async () => {
    const { sessions, arm, told } = resending("endAll");
    const [one, two] = [await sessions.issue("ada"), await sessions.issue("ada")];
    const over = sessions.watch(two.state.id);
    arm();
    expect((await sessions.revokeAll("ada", { except: one.state.id })).ended).toBe(1);
    expect(over.aborted).toBe(true);
    expect(told("session_revoked")).toEqual([expect.objectContaining({ count: 1, handles: [two.state.handle] })]);
    expect((await sessions.list("ada")).map(({ id }) => id)).toEqual([one.state.id]);
  });
});

describe("[D02] a write whose answer is lost for good", () => {
  /** The store does it, and the connection breaks. From then on `reachable` says whether the store can be asked. */
  function cut(verb: Verb, reachable = true) {
    const clock = testClock();
    const memory = createMemoryStore({ clock });
    const call = memory[verb] as (...args: unknown[]) => Promise<unknown>;
    let armed = false;
    let down = false;
    const lost = async (...args: unknown[]): Promise<unknown> => {
      const answer = await call(...args);
      if (!armed) return answer;
      armed = false;
      down = !reachable;
      throw new Error("ECONNRESET");
    };
    const read: IndexedStore["read"] = async (...args) => {
      if (down) throw new Error("ECONNREFUSED");
      return memory.read(...args);
    };
    const it = world({ clock, store: { ...memory, read, [verb]: lost } as IndexedStore, policy: { concurrent: { max: 1, whenFull: "evict-oldest" } } });
    return { ...it, arm: () => void (armed = true), types: () => it.events.map(({ type }) => type) };
  }

  it("a sign-out is done, and told", async () => {
    const { sessions, arm, types } = cut("end");
    const jar = await signedIn(sessions);
    arm();
    expect((await request(sessions, jar, (s) => s.end())).state).toEqual({ kind: "none", ended: "logout" });
    expect(types()).toContain("session_logout");
    expect(types()).not.toContain("store_failed");
  });

  it("of a sign-out whose store stays away it is said that nobody knows", async () => {
    const { sessions, arm, types } = cut("end", false);
    const jar = await signedIn(sessions);
    arm();
    await expect(request(sessions, jar, (s) => s.end())).rejects.toMatchObject({ code: "unavailable" });
    expect(types()).toContain("store_failed");
    expect(types()).not.toContain("session_logout");
  });

  it("a revocation of all is done, and tells whom it ended", async () => {
    const { sessions, arm, events } = cut("endAll");
    const [ada, eve] = [await sessions.issue("ada"), await sessions.issue("eve")];
    arm();
    const { notBefore, ended } = await sessions.revokeAll("ada");
    expect([notBefore > 0, ended]).toEqual([true, 1]);
    expect(events).toContainEqual(expect.objectContaining({ type: "session_revoked", handles: [ada.state.handle] }));
    expect(await sessions.get(eve.state.id)).not.toBeNull();
  });

  it("nobody is told of a revocation of all that the store refuses, or cannot list for", async () => {
    const { sessions, store, events } = world();
    const { state } = await sessions.issue("ada");
    store.fail = (verb) => (verb === "endAll" ? new Error("ECONNREFUSED") : undefined);
    await expect(sessions.revokeAll("ada")).rejects.toMatchObject({ code: "unavailable" });
    expect(events.map(({ type }) => type)).not.toContain("session_revoked");
    store.fail = (verb) => (verb === "list" ? new Error("ETIMEDOUT") : undefined);
    expect((await sessions.revokeAll("ada")).ended).toBe(1);
    expect(await sessions.get(state.id)).toBeNull();
  });

  it("a revocation that did not take effect is none", async () => {
    const { sessions, store, events } = world();
    const { state } = await sessions.issue("ada");
    store.fail = (verb) => (verb === "end" ? new Error("ECONNREFUSED") : undefined);
    await expect(sessions.revoke(state.id)).rejects.toMatchObject({ code: "unavailable" });
    expect(events.map(({ type }) => type)).not.toContain("session_revoked");
    expect(await sessions.get(state.id)).not.toBeNull();
  });

  it("those who made room for a sign-in are told", async () => {
    const { sessions, arm, events } = cut("create");
    const { state } = await sessions.issue("ada");
    arm();
    await sessions.issue("ada");
    expect(events).toContainEqual(expect.objectContaining({ type: "excess_sessions_exceeded", action: "evict-oldest", handles: [state.handle] }));
  });
});
