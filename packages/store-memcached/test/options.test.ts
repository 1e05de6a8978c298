import { createSessions, generateKeys } from "@holdfast/session-core";
import { createRegister } from "@holdfast/session-core/register";
import { testRow, testTombstone } from "@holdfast/store-contract";
import { createMemcachedStore, type MemcachedNode } from "@holdfast/store-memcached";
import { connectMemcached } from "@holdfast/store-memcached/connect";
import { describe, expect, it } from "vitest";

const node = (name = "a:11211"): MemcachedNode => ({ name, send: async () => expect.unreachable() });
const config = (option: string): unknown => expect.objectContaining({ code: "config", option });

describe("options", () => {
  it("[K04] without the word that eviction is accepted there is no store", () => {
    for (const options of [undefined, {}, { evicts: false }, { evicts: 1 }]) expect(() => createMemcachedStore([node()], options as never)).toThrow(config("evicts"));
    expect(createMemcachedStore([node()], { evicts: true }).capabilities).toEqual({ index: false, clock: "caller", durability: "volatile", evicts: true });
  });

  it.each([[[]], [undefined], [[{}]], [["localhost:11211"]], [[node(), null]], [[node(), node()]]])("no nodes, what is no node and one node twice are refused", (nodes) => {
    expect(() => createMemcachedStore(nodes as never, { evicts: true })).toThrow(config("nodes"));
  });

  it.each(["", "a b", "ä", "a\r\n", "x".repeat(65), 7])("the prefix %j is refused", (prefix) => {
    expect(() => createMemcachedStore([node()], { evicts: true, prefix: prefix as string })).toThrow(config("prefix"));
  });

  it.each([0, 999, Number.NaN, "1mb"])("maxItemBytes of %j is refused", (maxItemBytes) => {
    expect(() => createMemcachedStore([node()], { evicts: true, maxItemBytes: maxItemBytes as number })).toThrow(config("maxItemBytes"));
  });

  it.each(["", "localhost:0x", "memcached://localhost", "me:secret@localhost", "localhost/1", "localhost:99999", 11_211])("the address %j is refused", (address) => {
    expect(() => connectMemcached(address as string)).toThrow(config("address"));
  });

  it("times that are none, a user without a password, and a password with a space are refused", () => {
    expect(() => connectMemcached("localhost", { timeoutMs: 0 })).toThrow(config("timeoutMs"));
    expect(() => connectMemcached("localhost", { connectTimeoutMs: Number.NaN })).toThrow(config("connectTimeoutMs"));
    for (const proof of [{ user: "web" }, { password: "secret" }, { user: "web", password: "a b" }, { user: "web\r\nflush_all", password: "x" }]) {
      expect(() => connectMemcached("localhost", proof)).toThrow(config("user"));
    }
  });
});

describe("[K01] what memcached has no power for is refused, and not done badly", () => {
  const store = createMemcachedStore([node()], { evicts: true });
  const keys = generateKeys();

  it("a limit of sessions, at construction", () => {
    expect(() => createSessions({ store, keys, policy: { concurrent: { max: 3, whenFull: "reject" } } })).toThrow(config("policy.concurrent"));
  });

  it("[K04] registers, at construction, and revokeEverything", async () => {
    expect(() => createRegister({ store, keys })).toThrow(expect.objectContaining({ code: "unsupported" }));
    await expect(createSessions({ store, keys }).revokeEverything()).rejects.toMatchObject({ code: "unsupported" });
  });

  it("lists; and a create with a limit, or one that replaces somebody else's session", async () => {
    const sessions = createSessions({ store, keys });
    expect(sessions.listable).toBe(false);
    await expect(sessions.list("ada")).rejects.toMatchObject({ code: "unsupported" });
    const [row, other] = [testRow(), testRow()];
    const limit = { max: 1, whenFull: "reject", tombstone: testTombstone() } as const;
    await expect(store.create(row, { began: 1, limit })).rejects.toMatchObject({ code: "unsupported" });
    await expect(store.create(row, { began: 1, replaces: { id: other.id, tombstone: testTombstone() } })).rejects.toMatchObject({ code: "invalid_data" });
  });
});
