import { HoldfastError } from "@holdfast/session-core/store";
import { createTestClock, describeStore, testId, testPartition, testRow, testTombstone } from "@holdfast/store-contract";
import { describe, expect, it } from "vitest";
import { createMemoryStore } from "../src/lib/memory-store.ts";

describeStore("memory", async (clock) => ({ store: createMemoryStore({ clock }) }), {
  index: true,
  clock: "caller",
  durability: "volatile",
  evicts: false,
  inProcess: true,
});

const code = (expected: string): unknown => expect.objectContaining({ code: expected });

describe("a full memory store", () => {
  const MINUTE = 60_000;

  it("drops expired rows first", async () => {
    const clock = createTestClock();
    const store = createMemoryStore({ maxSessions: 3, clock });
    const now = clock.now();
    const lasting = testRow({ seenAt: now - MINUTE }, now);
    const brief = testRow({ expiresAt: now + MINUTE }, now);
    const member = testRow({ expiresAt: now + MINUTE }, now);
    await store.create(lasting);
    await store.create(brief);
    await store.create(member, { began: now });
    clock.advance(MINUTE);
    await store.create(testRow({}, clock.now()));
    await store.create(testRow({}, clock.now()));
    expect(await store.read(lasting.id)).toEqual(lasting);
  });

  it("then drops tombstones, then the guest seen longest ago, and keeps members", async () => {
    const clock = createTestClock();
    const store = createMemoryStore({ maxSessions: 4, clock });
    const now = clock.now();
    const member = testRow({ seenAt: now - 9 * MINUTE }, now);
    const older = testRow({ seenAt: now - 3 * MINUTE }, now);
    const newer = testRow({ seenAt: now - 2 * MINUTE }, now);
    const ended = testRow({}, now);
    await store.create(member, { began: now });
    for (const guest of [newer, older, ended]) await store.create(guest);
    await store.end(ended.id, testTombstone({}, now));

    await store.create(testRow({}, now));
    expect(await store.read(ended.id)).toBeNull();
    expect(await store.read(older.id)).not.toBeNull();

    await store.touch(older.id, now - MINUTE, older.expiresAt);
    await store.create(testRow({}, now), { began: now });
    expect(await store.read(newer.id)).toBeNull();
    expect(await store.read(older.id)).not.toBeNull();
    expect(await store.read(member.id)).toEqual(member);
  });

  it("drops no auxiliary row to make room: they were seen in the future", async () => {
    const clock = createTestClock();
    const store = createMemoryStore({ maxSessions: 2, clock });
    const until = clock.now() + MINUTE;
    const aux = testRow({ seenAt: until, expiresAt: until });
    await store.create(aux);
    for (let i = 0; i < 3; i++) await store.create(testRow({}, clock.now()));
    await store.create({ ...aux, id: testRow().id });
    await expect(store.create(testRow({}, clock.now()))).rejects.toEqual(code("store_full"));
    expect(await store.read(aux.id)).toEqual(aux);
    clock.advance(MINUTE);
    await store.create(testRow({}, clock.now()));
  });

  it("refuses with `store_full` when only members are left, and a guest drops none of them", async () => {
    const clock = createTestClock();
    const store = createMemoryStore({ maxSessions: 2, clock });
    const rows = [testRow(), testRow()];
    for (const row of rows) await store.create(row, { began: clock.now() });
    const extra = testRow();
    await expect(store.create(extra, { began: clock.now() })).rejects.toEqual(code("store_full"));
    await expect(store.create(extra)).rejects.toBeInstanceOf(HoldfastError);
    for (const row of rows) expect(await store.read(row.id)).toEqual(row);
    expect(await store.read(extra.id)).toBeNull();
  });

  it("has room again where the sign-in evicts the subject's own oldest session", async () => {
    const clock = createTestClock();
    const store = createMemoryStore({ maxSessions: 1, clock });
    const partition = testPartition();
    const guard = { began: clock.now(), limit: { max: 1, whenFull: "evict-oldest", tombstone: testTombstone() } } as const;
    const first = testRow({ id: testId(partition) });
    await store.create(first, guard);
    const second = await store.create(testRow({ id: testId(partition) }), guard);
    expect(second).toEqual({ outcome: "created", evicted: [first.id] });
  });

  it("keeps the right rows through thousands of random changes", async () => {
    const clock = createTestClock(1_000_000);
    const store = createMemoryStore({ maxSessions: 50, clock });
    const seen = new Map<string, number>();
    for (let i = 0; i < 3000; i += 1) {
      clock.advance(1);
      const ids = [...seen.keys()];
      const known = ids[(i * 7919) % Math.max(1, ids.length)];
      if (i % 3 === 0 && known !== undefined) {
        await store.touch(known as ReturnType<typeof testId>, clock.now(), clock.now() + MINUTE);
        seen.set(known, clock.now());
        continue;
      }
      if (i % 17 === 0 && known !== undefined) {
        await store.delete(known as ReturnType<typeof testId>);
        seen.delete(known);
        continue;
      }
      const row = testRow({}, clock.now());
      await store.create(row);
      seen.set(row.id, clock.now());
      const [oldest] = [...seen].sort((a, b) => a[1] - b[1]);
      if (seen.size > 50 && oldest !== undefined) seen.delete(oldest[0]);
    }
    for (const id of seen.keys()) expect(await store.read(id as ReturnType<typeof testId>)).not.toBeNull();
  });

  it.each([0, -1, 1.5, Number.NaN])("refuses maxSessions %d", (maxSessions) => {
    expect(() => createMemoryStore({ maxSessions })).toThrow(code("config"));
  });
});

describe("the memory store", () => {
  it("[D05] forgets a notBefore after 400 days, and not earlier", async () => {
    const clock = createTestClock();
    const store = createMemoryStore({ clock });
    const partition = testPartition();
    const { notBefore } = await store.endAll(partition, testTombstone());
    const signIn = (): Promise<string> =>
      store.create(testRow({ id: testId(partition) }, clock.now()), { began: notBefore }).then(({ outcome }) => outcome);
    clock.advance(400 * 24 * 3_600_000 - 1);
    await store.sweep(clock.now());
    expect(await signIn()).toBe("revoked");
    clock.advance(1);
    await store.endAll(testPartition(), testTombstone());
    expect(await signIn()).toBe("created");
  });

  it("hands out rows that cannot be changed", async () => {
    const store = createMemoryStore();
    const row = testRow();
    await store.create(row);
    expect(Object.isFrozen(await store.read(row.id))).toBe(true);
  });

  it("answers what is no cursor with an empty page", async () => {
    const store = createMemoryStore();
    const row = testRow();
    await store.create(row, { began: row.createdAt });
    const partition = row.id.slice(0, 12) as ReturnType<typeof testPartition>;
    for (const cursor of ["", "x", "x.y"]) expect(await store.list(partition, { cursor })).toEqual({ rows: [] });
  });
});
