import { expect } from "vitest";
import { testPartition, testId } from "../rows.ts";
import type { Suite } from "../suite.ts";

export function createCases({ every, indexed }: Suite): void {
  every("create answers `created` and evicts nobody", async ({ store, row }) => {
    expect(await store.create(row())).toEqual({ outcome: "created", evicted: [] });
  });

  every("create never overwrites a live row", async ({ store, row, look }) => {
    const first = row({ body: "first" });
    await store.create(first);
    expect(await store.create(row({ id: first.id, body: "second" }))).toEqual({ outcome: "exists", evicted: [] });
    expect(await look(first.id)).toEqual(first);
  });

  every("create never overwrites a row that was updated meanwhile", async ({ store, row, look }) => {
    const first = row();
    await store.create(first);
    await store.update({ ...first, revision: 1, writeId: "second-write", body: "updated" }, 0);
    expect((await store.create(first)).outcome).toBe("exists");
    expect(await look(first.id)).toMatchObject({ revision: 1, writeId: "second-write", body: "updated" });
  });

  every("[A09] create never overwrites a tombstone: a repeated create does not revive a session", async (bench) => {
    const { store, row, tombstone, look } = bench;
    const first = row();
    const stone = tombstone();
    await store.create(first);
    await store.end(first.id, stone);
    expect(await store.create(first)).toEqual({ outcome: "exists", evicted: [] });
    expect(await look(first.id)).toMatchObject(stone);
    expect(await store.touch(first.id, first.seenAt, first.expiresAt)).toBe("missing");
  });

  every("an id whose row or tombstone expired is free again", async ({ store, row, tombstone, look, clock, short }) => {
    const expired = row({ expiresAt: clock.now() + short, body: "expired" });
    const ended = row({ body: "ended" });
    await store.create(expired);
    await store.create(ended);
    await store.end(ended.id, tombstone({ expiresAt: clock.now() + short }));
    await clock.advance(short);
    for (const { id } of [expired, ended]) {
      const fresh = row({ id, body: "fresh" });
      expect((await store.create(fresh)).outcome).toBe("created");
      expect(await look(id)).toEqual(fresh);
      expect(await store.update({ ...fresh, revision: 1, body: "and alive" }, 0)).toBe("updated");
    }
  });

  indexed("a guarded create never overwrites either", async ({ store, row, tombstone, look, clock }) => {
    const guard = { began: clock.now() };
    const live = row({ body: "first" });
    const ended = row();
    const stone = tombstone();
    await store.create(live, guard);
    await store.create(ended, guard);
    await store.end(ended.id, stone);
    expect((await store.create({ ...live, body: "second" }, guard)).outcome).toBe("exists");
    expect((await store.create(ended, guard)).outcome).toBe("exists");
    expect(await look(live.id)).toEqual(live);
    expect(await look(ended.id)).toMatchObject(stone);
  });

  indexed("a guarded create over an expired guest is indexed, a plain one over an expired member is not", async (bench) => {
    const { store, row, clock, short } = bench;
    const partition = testPartition();
    const guest = row({ id: testId(partition), expiresAt: clock.now() + short });
    const member = row({ id: testId(partition), expiresAt: clock.now() + short });
    await store.create(guest);
    await store.create(member, { began: clock.now() });
    await clock.advance(short);
    await store.create(row({ id: guest.id }), { began: clock.now() });
    await store.create(row({ id: member.id }));
    expect((await store.list(partition)).rows.map(({ id }) => id)).toEqual([guest.id]);
  });
}
