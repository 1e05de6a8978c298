import { describe, expect, it } from "vitest";
import { createMemoryStore } from "../src/memory.ts";
import type { IndexedStore } from "../src/store.ts";
import { type Data, request, signedIn, testClock, type World, world } from "./support.ts";

const add = (item: string) => (data: Data): Data => ({ ...data, cart: [...data.cart, item] });

/** A store behind a driver that sends its next update twice: the first answer was lost, the second is `conflict`. */
function resending(between: (store: IndexedStore) => Promise<unknown> = async () => undefined): World & { arm(): void } {
  const clock = testClock();
  const memory = createMemoryStore({ clock });
  let armed = false;
  const update: IndexedStore["update"] = async (...call) => {
    const first = await memory.update(...call);
    if (!armed) return first;
    armed = false;
    await between(memory);
    return memory.update(...call);
  };
  return { ...world({ clock, store: { ...memory, update } }), arm: () => void (armed = true) };
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
    const { sessions, arm } = resending(async () => {
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
