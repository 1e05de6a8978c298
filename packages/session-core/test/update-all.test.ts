import { describe, expect, it } from "vitest";
import { reject } from "../src/index.ts";
import { createMemoryStore } from "../src/memory.ts";
import { HOUR, request, signedIn, world } from "./support.ts";

describe("updateAll", () => {
  it("changes each session of the subject and no other, and counts what it changed", async () => {
    const { sessions } = world();
    const [first, second, other] = [await signedIn(sessions), await signedIn(sessions), await signedIn(sessions, "bob")];
    await request(sessions, second, (s) => s.update((d) => ({ ...d, prefs: { role: "admin" } })));
    const changed = await sessions.updateAll("ada", (d) => (d.prefs["role"] === "admin" ? d : { ...d, prefs: { role: "admin" } }));
    expect(changed).toBe(1);
    for (const jar of [first, second]) expect((await request(sessions, jar)).state).toMatchObject({ data: { prefs: { role: "admin" } } });
    expect((await request(sessions, other)).state).toMatchObject({ data: { prefs: {} } });
  });

  it("reaches every page of the index", async () => {
    const { sessions } = world();
    for (let i = 0; i < 130; i++) await sessions.issue("ada");
    expect(await sessions.updateAll("ada", (d) => ({ ...d, cart: ["rope"] }))).toBe(130);
    expect((await sessions.list("ada")).every(({ data }) => data.cart[0] === "rope")).toBe(true);
  });

  it("skips sessions that end, or idle out, while it runs", async () => {
    const { sessions, clock } = world();
    const idle = await sessions.issue("ada");
    clock.advance(HOUR / 2 + 1);
    const { state } = await sessions.issue("ada");
    const other = await sessions.issue("ada");
    let first = true;
    const changed = await sessions.updateAll("ada", (d) => {
      if (first) for (const { id } of [state, other.state]) void sessions.revoke(id);
      first = false;
      return { ...d, cart: ["rope"] };
    });
    expect(changed).toBe(0);
    expect(await sessions.get(idle.state.id)).toBeNull();
    expect(await sessions.get(state.id)).toBeNull();
  });

  it("loses no update of a request that runs beside it", async () => {
    const { sessions } = world();
    const jar = await signedIn(sessions);
    const work = Array.from({ length: 20 }, (_, i) => [
      sessions.updateAll("ada", (d) => ({ ...d, prefs: { ...d.prefs, [`a${i}`]: "x" } })),
      request(sessions, jar.copy(), (s) => s.update((d) => ({ ...d, cart: [...d.cart, `${i}`] }))),
    ]).flat();
    await Promise.all(work);
    const { state } = await request(sessions, jar);
    expect(state.kind === "active" && [Object.keys(state.data.prefs).length, state.data.cart.length]).toEqual([20, 20]);
  });

  it("passes a rejection on, and says so where the store has no index", async () => {
    const { sessions } = world();
    await sessions.issue("ada");
    await expect(sessions.updateAll("ada", () => reject("closed"))).rejects.toMatchObject({ code: "rejected", reason: "closed" });
    const { list: _list, endAll: _endAll, ...plain } = createMemoryStore();
    const bare = world({ store: { ...plain, capabilities: { ...plain.capabilities, index: false } } });
    await expect(bare.sessions.updateAll("ada", (d) => d)).rejects.toMatchObject({ code: "unsupported" });
  });
});
