import { describe, expect, it } from "vitest";
import { createSessions, type SessionEvent, type SessionsOptions } from "../src/index.ts";
import { createMemoryStore } from "../src/memory.ts";
import { Jar, KEYS, MINUTE, recordOf, request, testClock } from "./support.ts";

interface One {
  readonly list: readonly string[];
}
interface Two {
  readonly items: readonly { readonly name: string }[];
}

const toTwo = (data: unknown, from: number): Two => {
  if (from !== 1) throw new Error(`no way from ${from}`);
  return { items: (data as One).list.map((name) => ({ name })) };
};

/** A store with servers of releases before and after a change of the data's shape. */
function releases() {
  const clock = testClock();
  const store = createMemoryStore({ clock });
  const events: SessionEvent[] = [];
  const common = { store, keys: KEYS, clock, onEvent: (event: SessionEvent) => void events.push(event) };
  const first = createSessions<One>({ ...common, initial: { list: [] } });
  const second = (options: Partial<SessionsOptions<Two>> = {}) => createSessions<Two>({ ...common, initial: { items: [] }, version: 2, migrate: toTwo, ...options });
  return { clock, store, events, first, second, types: () => events.map(({ type }) => type) };
}
const ROPE = { items: [{ name: "rope" }] };

describe("data of an earlier version", () => {
  it("are today's for everything that reads, and become so in the store with the first write of data, not before", async () => {
    const { first, second, store, clock } = releases();
    const jar = new Jar();
    const { state } = await request(first, jar, (s) => s.start("ada", { list: ["rope"] }));
    if (state.kind !== "active") return expect.unreachable();
    const { id } = state;
    const stored = async (): Promise<unknown> => recordOf(await store.read(id));
    const next = second();
    expect((await request(next, jar)).state).toMatchObject({ data: ROPE });
    expect((await next.get(id))?.data).toEqual(ROPE);
    expect((await next.list("ada"))[0]?.data).toEqual(ROPE);
    clock.advance(11 * MINUTE);
    await request(next, jar);
    clock.advance(11 * MINUTE);
    expect((await request(next, jar)).state).toMatchObject({ data: ROPE });
    await request(next, jar, (s) => s.elevate({ acr: "high" }));
    await request(next, jar);
    expect(await stored()).toMatchObject({ data: { list: ["rope"] }, dataVersion: 1 });
    // So a server of the old release, still running, loses nothing meanwhile.
    expect((await request(first, jar)).state).toMatchObject({ data: { list: ["rope"] } });
    await next.update(id, (d) => ({ items: [...d.items, { name: "hook" }] }));
    expect(await stored()).toMatchObject({ data: { items: [{ name: "rope" }, { name: "hook" }] }, dataVersion: 2 });
    expect((await request(next, jar)).state).toMatchObject({ acr: "high", data: { items: [{ name: "rope" }, { name: "hook" }] } });
  });

  it("are written when an update makes of them what they were: read as they stand they say something else", async () => {
    const { store, clock, first } = releases();
    const next = createSessions<One>({ store, keys: KEYS, clock, initial: { list: [] }, version: 2 });
    for (const by of ["request", "id"]) {
      const jar = new Jar();
      const { state } = await request(first, jar, (s) => s.start(by, { list: ["rope"] }));
      expect((await request(next, jar)).state).toMatchObject({ data: { list: [] } });
      const add = ({ list }: One): One => ({ list: [...list, "rope"] });
      if (by === "request") await request(next, jar, (s) => s.update(add));
      else await next.update(state.kind === "active" ? state.id : ("" as never), add);
      expect((await request(next, jar)).state).toMatchObject({ data: { list: ["rope"] } });
    }
  });

  it("of a guest move into the account as today's", async () => {
    const { first, second } = releases();
    const jar = new Jar();
    await request(first, jar, (s) => s.update(() => ({ list: ["rope"] })));
    expect((await request(second(), jar, (s) => s.start("ada", {}, { carry: ["items"] }))).state).toMatchObject({ kind: "active", data: ROPE });
  });

  it("updateAll reaches sessions of all versions", async () => {
    const { first, second } = releases();
    const next = second();
    await first.issue("ada", { list: ["rope"] });
    await next.issue("ada", ROPE);
    expect(await next.updateAll("ada", (d) => ({ items: [...d.items, { name: "hook" }] }))).toBe(2);
    expect((await next.list("ada")).map(({ data }) => data)).toEqual([{ items: [...ROPE.items, { name: "hook" }] }, { items: [...ROPE.items, { name: "hook" }] }]);
  });

  it.each<[string, NonNullable<SessionsOptions<Two>["migrate"]>]>([
    ["throws", () => { throw new Error("boom"); }],
    ["returns nothing", () => undefined as never],
    ["returns no object", () => "x" as never],
    ["returns what JSON has no word for", () => { const circle: Record<string, unknown> = {}; circle["self"] = circle; return circle as never; }],
  ])("a migration that %s: `initial` and an event, nobody is signed out, and the data are still there for a release that can", async (_name, migrate) => {
    const { first, second, types, clock } = releases();
    const jar = new Jar();
    await request(first, jar, (s) => s.start("ada", { list: ["rope"] }));
    const broken = second({ migrate });
    clock.advance(11 * MINUTE);
    await request(broken, jar);
    expect((await request(broken, jar)).state).toMatchObject({ kind: "active", subject: "ada", data: { items: [] } });
    expect(types()).toContain("session_data_unreadable");
    expect((await broken.list("ada"))[0]?.data).toEqual({ items: [] });
    expect((await request(second(), jar)).state).toMatchObject({ data: ROPE });
  });

  it("a migration that does not satisfy the schema counts as failed; one that makes them too large can be read, not written", async () => {
    const { first, second } = releases();
    const jar = new Jar();
    await request(first, jar, (s) => s.start("ada", { list: ["rope"] }));
    const schema: SessionsOptions<Two>["schema"] = {
      "~standard": { version: 1, vendor: "test", validate: (value) => ((value as Two).items.every(({ name }) => name !== "rope") ? { value: value as Two } : { issues: [{ message: "rope" }] }) },
    };
    expect((await request(second({ schema }), jar)).state).toMatchObject({ kind: "active", data: { items: [] } });
    const tight = second({ maxDataBytes: 20 });
    expect((await request(tight, jar)).state).toMatchObject({ data: ROPE });
    await expect(request(tight, jar, (s) => s.update((d) => ({ ...d })))).rejects.toMatchObject({ code: "data_too_large" });
    await expect(tight.updateAll("ada", (d) => ({ ...d }))).rejects.toMatchObject({ code: "data_too_large" });
    expect((await request(first, jar)).state).toMatchObject({ data: { list: ["rope"] } });
  });
});

describe("data of a later version", () => {
  it("are left alone by a server of the release before: 503 until the roll-out is through, no write, no sign-out", async () => {
    const { first, second, store, types } = releases();
    const jar = new Jar();
    const { state } = await request(second(), jar, (s) => s.start("ada", ROPE));
    if (state.kind !== "active") return expect.unreachable();
    const before = await store.read(state.id);
    const { state: there, cookies } = await request(first, jar, undefined, { "sec-fetch-mode": "navigate" });
    expect(there).toEqual({ kind: "none", refused: "indeterminate" });
    expect(cookies).toEqual([]);
    expect(types()).toContain("session_newer");
    await expect(request(first, jar, (s) => s.update(() => ({ list: ["hook"] })))).rejects.toMatchObject({ code: "unavailable" });
    await expect(first.get(state.id)).rejects.toMatchObject({ code: "unavailable" });
    await expect(first.update(state.id, () => ({ list: ["hook"] }))).rejects.toMatchObject({ code: "unavailable" });
    await expect(first.updateAll("ada", () => ({ list: ["hook"] }))).rejects.toMatchObject({ code: "unavailable" });
    expect(await store.read(state.id)).toEqual(before);
    expect((await request(second(), jar)).state).toMatchObject({ kind: "active", data: ROPE });
    // Ending needs no data.
    await first.revokeAll("ada");
    expect((await request(second(), jar)).state).toEqual({ kind: "none", ended: "revoked" });
  });
});
